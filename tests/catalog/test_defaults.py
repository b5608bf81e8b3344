"""Aliases of PyTorch have PyTorch's defaults, read from its constructors."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator

import pytest

from symbp.catalog import KINDS, entries, preset
from symbp.catalog.entry import Entry, Value

pytest.importorskip("torch")

MODULES = {
    "torch": "torch",
    "nn": "torch.nn",
    "optim": "torch.optim",
    "lr_scheduler": "torch.optim.lr_scheduler",
    "init": "torch.nn.init",
    "utils": "torch.nn.utils",
}
# What the catalog has no option for: how PyTorch stores or computes, which is not mathematics ...
MECHANICS = {
    "self", "in_features", "inplace", "device", "dtype", "size_average", "reduce", "params", "maximize", "foreach",
    "differentiable", "fused", "capturable", "optimizer", "last_epoch", "tensor", "generator", "parameters",
    "error_if_nonfinite", "min_value", "max_value", "args", "kwargs", "_weight", "_freeze",
}  # fmt: skip
# ... and what is not supported, or stated in another way, for the reason given.
ELSEWHERE = {
    "nn.Softplus": {"threshold"},  # an approximation for large arguments
    "nn.PReLU": {"num_parameters", "init"},  # per_channel; the initializer of alpha
    "nn.GELU": {"approximate"},  # a row of its own, gelu_tanh
    "nn.Softmax": {"dim"},  # the last axis
    "nn.LogSoftmax": {"dim"},
    "nn.GLU": {"dim"},
    "nn.Flatten": {"start_dim", "end_dim"},
    "nn.CrossEntropyLoss": {"ignore_index"},
    "nn.NLLLoss": {"ignore_index"},
    "nn.KLDivLoss": {"log_target"},
    "nn.MultiheadAttention": {
        "embed_dim", "dropout", "add_bias_kv", "add_zero_attn", "kdim", "vdim", "batch_first",
    },
    "nn.Embedding": {"padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse"},  # -1 in place of None
    "nn.TransformerEncoderLayer": {"activation", "batch_first"},  # hidden_activation
    "nn.TransformerDecoderLayer": {"activation", "batch_first"},
    "nn.PoissonNLLLoss": {"full"},
    "nn.LayerNorm": {"normalized_shape"},  # the last axis
    "nn.RMSNorm": {"normalized_shape", "eps"},  # eps: the last axis; that of single precision, as there
    "nn.GroupNorm": {"num_channels"},
    **{f"nn.BatchNorm{rank}d": {"num_features", "track_running_stats", "bias"} for rank in (1, 2, 3)},  # with gamma
    "nn.InstanceNorm1d": {"num_features", "momentum", "track_running_stats"},  # statistics are never stored
    "nn.InstanceNorm2d": {"num_features", "momentum", "track_running_stats"},
    "nn.InstanceNorm3d": {"num_features", "momentum", "track_running_stats"},
    **{f"nn.Conv{rank}d": {"in_channels", "padding_mode"} for rank in (1, 2)},
    **{f"nn.ConvTranspose{rank}d": {"in_channels", "padding_mode"} for rank in (1, 2)},
    **{f"nn.MaxPool{rank}d": {"dilation", "return_indices", "ceil_mode"} for rank in (1, 2)},
    "nn.AvgPool1d": {"ceil_mode"},
    "nn.AvgPool2d": {"ceil_mode", "divisor_override"},
    "nn.UpsamplingNearest2d": {"size"},  # of the output
    "nn.UpsamplingBilinear2d": {"size"},
    "optim.SGD": {"dampening"},
    "optim.Adam": {"amsgrad"},  # a row of its own
    "optim.AdamW": {"amsgrad"},
    "lr_scheduler.OneCycleLR": {
        "max_lr", "epochs", "steps_per_epoch", "cycle_momentum", "base_momentum", "max_momentum", "three_phase",
    },
    "init.kaiming_normal_": {"a", "mode", "nonlinearity"},
    "init.kaiming_uniform_": {"a", "mode", "nonlinearity"},
    "init.xavier_normal_": {"gain"},
    "init.xavier_uniform_": {"gain"},
    "utils.clip_grad_norm_": {"norm_type"},
}  # fmt: skip

ALIASES = [
    pytest.param(entry, alias, id=alias)
    for kind in KINDS
    for entry in entries(kind)
    for alias in entry.every_alias()
    if not alias.startswith(("keras.", "optax."))
]


def _split(name: str, default: object) -> Iterator[tuple[str, object]]:
    if name == "betas":
        assert isinstance(default, tuple)
        yield from (("beta_1", default[0]), ("beta_2", default[1]))
    else:
        yield name, default


@pytest.mark.parametrize(("entry", "alias"), ALIASES)
def test_defaults_are_those_of_pytorch(entry: Entry, alias: str) -> None:
    module, _, name = alias.partition(".")
    function = getattr(importlib.import_module(MODULES[module]), name)
    if module == "torch":  # written in C++: nothing to inspect
        assert callable(function)
        return
    fixed: dict[str, Value] = dict(preset(entry.kind, alias).options)
    skipped = MECHANICS | ELSEWHERE.get(alias, set())
    for parameter in inspect.signature(function).parameters.values():
        for name, default in _split(parameter.name, parameter.default):
            if name in skipped:
                continue
            option = entry.option(name)
            if option is None:  # a constant, such as class weights
                assert name in entry.accepts(), f"{alias} has `{name}`, which the row lacks"
                assert default is None
                continue
            ours = fixed.get(option.name, option.default)
            theirs = None if default is inspect.Parameter.empty or default is None else default
            if option.names and isinstance(theirs, int):  # for all axes
                theirs = (theirs,) * len(option.names)
            if theirs is None and isinstance(ours, str) and entry.option(ours):  # that of the other option
                continue
            assert ours == theirs, f"{alias}: {name} is {theirs}, the row says {ours}"


def test_every_exception_is_needed() -> None:
    for alias, excepted in ELSEWHERE.items():
        module, _, name = alias.partition(".")
        function = getattr(importlib.import_module(MODULES[module]), name)
        assert excepted <= set(inspect.signature(function).parameters), alias
