"""From a spec to blocks: each layer's formula bound to tensors, shapes and numbers of one network."""
