"""Specs of networks that are graphs, by what is special about them."""

NETWORKS = {
    "residual": """
input: 4
layers:
  - dense: {units: 5, activation: tanh, name: stem}
  - dense: {units: 5, activation: sigmoid}
  - dense: 5
  - add: [stem, dense_3]
  - dense: 3
""",
    "U-shaped": """
input: 6
layers:
  - dense: {units: 5, activation: tanh, name: outer}
  - dense: {units: 3, activation: tanh, name: inner}
  - dense: {units: 2, activation: tanh}
  - dense: {units: 3, activation: tanh}
  - concatenate: {inputs: [tanh_4, inner], name: joined}
  - dense: {units: 5, activation: tanh}
  - concatenate: [tanh_5, outer, joined]
  - dense: 2
""",
    "one tensor read twice by a block, and by others": """
input: 3
layers:
  - dense: {units: 4, activation: tanh, name: stem}
  - multiply: [stem, stem]
  - concatenate: [multiply_1, stem, multiply_1]
  - subtract: [concatenate_1, concatenate_1]
  - add: [subtract_1, concatenate_1]
  - dense: 2
""",
    "the input read by two layers": """
input: 3
layers:
  - dense: {units: 4, name: one}
  - dense: {units: 4, name: other, input: x, activation: tanh}
  - maximum: [one, other]
  - average: [maximum_1, one, other]
  - concatenate: [average_1, x]
  - dense: 2
""",
    "siamese: one set of parameters in two branches": """
input: {left: 4, right: 4}
layers:
  - dense: {units: 3, activation: tanh, input: left, name: one}
  - dense: {units: 3, activation: tanh, input: right, share: one, name: other}
  - multiply: [one, other]
  - dense: {units: 3, share: one, input: left, name: third}
  - add: [multiply_1, third]
  - dense: 2
""",
    "three inputs, one of them tokens": """
input: {image: [2, 3], age: 1, user: {shape: [], kind: integer, classes: 5}}
layers:
  - flatten: {input: image}
  - dense: {units: 4, activation: tanh, name: seen}
  - look_up: {rows: 5, units: 4, input: user, name: known}
  - concatenate: [seen, known, age]
  - dense: 2
define:
  layers:
    look_up:
      formula: "y[n,d] = E[x[n],d]"
      parameters: {E: {axes: [v, d], initializer: glorot_normal}}
      sizes: {v: rows, d: units}
      integers: [x]
""",
}
WINDOWED = {  # where windows make the batch the last axis of what they read, and others read it too
    "U-shaped over images": """
input: [2, 6, 5]
layers:
  - conv2d: {filters: 3, kernel_size: 3, padding: 1, activation: tanh, name: outer}
  - max_pool2d: {kernel_size: 2, stride: [2, 1]}
  - conv2d: {filters: 4, kernel_size: [3, 1], padding: same, activation: sigmoid}
  - conv_transpose2d: {filters: 3, kernel_size: [2, 2], stride: [2, 1], name: up}
  - conv2d: {filters: 2, kernel_size: [1, 1], name: narrow}
  - upsample_bilinear2d: 2
  - average_pool2d: 2
  - concatenate: {inputs: [narrow, average_pool2d_1], axis: 1, name: both}
  - dense: 3
""",
    "a convolution before what recurs": """
input: [3, 8]
layers:
  - conv1d: {filters: 4, kernel_size: 3, padding: 1, activation: tanh, name: seen}
  - lstm: 3
  - add: [lstm_1, lstm_1]
  - gru: {units: 2, returns: last}
  - dense: 2
""",
    "a convolution before attention and normalization": """
input: [3, 8]
layers:
  - conv1d: {filters: 4, kernel_size: 3, stride: 2, padding: 1}
  - group_norm: 2
  - layer_norm
  - multi_head_attention: 2
  - add: [layer_norm_1, multi_head_attention_1]
  - global_average_pool
  - dense: 2
""",
    "two images, one set of filters": """
input: {left: [2, 4, 5], right: [2, 4, 5], other: [3, 4, 5]}
layers:
  - conv2d: {filters: 3, kernel_size: 2, padding: same, input: left, name: one}
  - conv2d: {filters: 3, kernel_size: 2, padding: same, share: one, input: right, name: two}
  - multiply: [one, two, other]
  - average: [multiply_1, one, other]
  - global_max_pool
  - dense: 2
""",
}
WITH_LOSSES = {
    "a convolution's output, wanted inside and outside": """
input: [1, 5, 4]
layers:
  - conv2d: {filters: 2, kernel_size: 3, padding: 1, name: mask}
  - max_pool2d: {kernel_size: 2, name: pooled}
  - conv2d: {filters: 3, kernel_size: 2, name: deep}
  - flatten
  - dense: {units: 3, name: kind}
  - sigmoid: {name: shown, input: mask}
losses:
  - {loss: mean_squared_error, on: shown, target: drawn}
  - {loss: mean_squared_error, on: pooled, target: small, weight: 0.5}
  - {loss: softmax_cross_entropy, on: kind, target: label}
output: [kind, shown, pooled, deep]
""",
    "two heads on windows": """
input: {image: [1, 5, 4], sound: [2, 7]}
layers:
  - conv2d: {filters: 2, kernel_size: 3, padding: 1, input: image, name: trunk}
  - average_pool2d: {kernel_size: 2}
  - flatten: {name: seen}
  - conv1d: {filters: 3, kernel_size: 3, input: sound, activation: tanh, name: heard}
  - global_max_pool: {name: loudest}
  - concatenate: {inputs: [seen, loudest], name: both}
  - dense: {units: 3, name: kind}
  - conv2d: {filters: 1, kernel_size: 1, input: trunk, name: mapped}
losses:
  - {loss: softmax_cross_entropy, on: kind, target: label}
  - {loss: mean_squared_error, on: mapped, target: where, weight: 0.25}
  - {loss: huber, on: heard, target: tune}
""",
    "two heads with weights": """
input: 4
layers:
  - dense: {units: 5, activation: tanh, name: trunk}
  - dense: {units: 3, name: kind}
  - dense: {units: 2, input: trunk, name: place, activation: sigmoid}
losses:
  - {loss: softmax_cross_entropy, on: kind, target: label}
  - {loss: mean_squared_error, on: place, target: position, weight: 0.25}
""",
    "two losses of one layer, one target for both": """
input: 4
layers:
  - dense: {units: 3, activation: softmax}
losses:
  - {loss: mean_squared_error, target: wanted}
  - {loss: huber, target: wanted, weight: 2}
penalty: {l2: 0.1}
""",
    "an input, and a layer, as a target": """
input: 4
layers:
  - dense: {units: 2, activation: tanh, name: code}
  - dense: {units: 4, name: decoded}
  - dense: {units: 2, name: again, activation: tanh}
  - sigmoid: {name: shown, input: code}
losses:
  - {loss: mean_squared_error, on: decoded, target: x}
  - {loss: mean_squared_error, on: again, target: code, weight: 0.5}
output: [decoded, code, shown]
""",
    "a loss of two layers without a target": """
input: 4
layers:
  - dense: {units: 3, activation: tanh, name: trunk}
  - dense: {units: 2, name: mu}
  - dense: {units: 2, name: v, input: trunk}
  - add: [mu, v]
  - dense: {units: 4, name: decoded}
losses:
  - {loss: mean_squared_error, on: decoded, target: image}
  - {loss: prior, on: [mu, v], weight: 0.1}
define:
  losses:
    prior:
      formula: "C = mean[n](sum[j]((m[n,j]**2 + exp(v[n,j]) - v[n,j] - 1) / 2))"
      inputs: [m, v]
""",
}
SPEC = """
name: graph
dtype: float64
input: {image: [2, 3], user: {shape: [2], kind: integer, classes: 5}}
layers:
  - flatten: {input: image}
  - dense: {units: 4, activation: tanh, name: seen}
  - look_up: {rows: 5, units: 2, input: user}
  - flatten
  - add: [seen, flatten_2]
  - dense: {units: 3, name: kind}
  - dense: {units: 2, name: place, input: add_1, activation: sigmoid}
losses:
  - {loss: softmax_cross_entropy, on: kind, target: label}
  - {loss: mean_squared_error, on: place, target: position, weight: 0.25}
optimizer: {sgd: {learning_rate: 0.5}}
define:
  layers:
    look_up:
      formula: "y[n,t,d] = E[x[n,t],d]"
      parameters: {E: [v, d]}
      sizes: {v: rows, d: units}
      integers: [x]
"""
AUTOENCODER = """
name: graph
dtype: float64
input: 4
layers:
  - dense: {units: 2, activation: tanh, name: code}
  - dense: {units: 4, name: decoded}
losses: [{loss: mean_squared_error, on: decoded, target: x}]
output: [decoded, code]
"""
