"""PyTorch: the networks of the workloads as its users write them, with the parameters of a generated module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.speed.contender import Contender
from benchmarks.speed.given import Given
from benchmarks.speed.workloads import Batch, Workload

Parameters = Mapping[str, np.ndarray]
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def linear(params: Parameters, name: str) -> nn.Linear:
    """`nn.Linear` with the numbers of a dense layer, whose matrix it holds transposed."""
    inputs, outputs = params[f"{name}.W"].shape
    made = nn.Linear(inputs, outputs)
    _set(made.weight, params[f"{name}.W"].T)
    _set(made.bias, params[f"{name}.b"])
    return made


def embedding(params: Parameters, name: str) -> nn.Embedding:
    """`nn.Embedding` with these rows; its gradient is dense, as it is by default."""
    made = nn.Embedding(*params[f"{name}.E"].shape)
    _set(made.weight, params[f"{name}.E"])
    return made


def convolution(params: Parameters, name: str, padding: int) -> nn.Conv2d:
    """`nn.Conv2d` with these filters."""
    filters, channels, *size = params[f"{name}.W"].shape
    made = nn.Conv2d(channels, filters, tuple(size), padding=padding)
    _set(made.weight, params[f"{name}.W"])
    _set(made.bias, params[f"{name}.b"])
    return made


def _set(parameter: torch.Tensor, numbers: np.ndarray) -> None:
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(numbers)).reshape(parameter.shape))


def dense_network(params: Parameters, activation: type[nn.Module]) -> nn.Module:
    """Three dense layers."""
    first, second, third = (linear(params, f"dense_{k}") for k in (1, 2, 3))
    return nn.Sequential(first, activation(), second, activation(), third)


def convolutional(params: Parameters) -> nn.Module:
    """LeNet."""
    return nn.Sequential(
        *(convolution(params, "conv2d_1", 2), nn.ReLU(), nn.MaxPool2d(2)),
        *(convolution(params, "conv2d_2", 0), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        dense_network(params, nn.ReLU),
    )


class Characters(nn.Module):
    """Embedding, LSTM, dense."""

    def __init__(self, params: Parameters) -> None:
        super().__init__()
        self.embedding = embedding(params, "embedding_1")
        inputs, _, units = params["lstm_1.W"].shape
        self.lstm = nn.LSTM(inputs, units, batch_first=True)
        for name, parameter in zip(("W", "V"), (self.lstm.weight_ih_l0, self.lstm.weight_hh_l0), strict=True):
            _set(parameter, params[f"lstm_1.{name}"].transpose(1, 2, 0).reshape(4 * units, -1))
        for name, parameter in zip(("b", "b_h"), (self.lstm.bias_ih_l0, self.lstm.bias_hh_l0), strict=True):
            _set(parameter, params[f"lstm_1.{name}"])
        self.dense = linear(params, "dense_1")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.dense(self.lstm(self.embedding(x))[0])
        return output


def encoder(params: Parameters) -> nn.Module:
    """`nn.TransformerEncoderLayer`."""
    named = {name.removeprefix("transformer_encoder_1_"): value for name, value in params.items()}
    width, heads, _ = named["asked.Wq"].shape
    made = nn.TransformerEncoderLayer(
        width, heads, named["between.W"].shape[1], dropout=0.0, batch_first=True, norm_first=True
    )
    joined = [named[f"asked.W{each}"].reshape(width, width).T for each in "qkv"]
    _set(made.self_attn.in_proj_weight, np.concatenate(joined))
    _set(made.self_attn.in_proj_bias, np.concatenate([named[f"asked.b{each}"].reshape(width) for each in "qkv"]))
    _set(made.self_attn.out_proj.weight, named["asked.Wo"].reshape(width, width).T)
    _set(made.self_attn.out_proj.bias, named["asked.bo"])
    made.linear1, made.linear2 = linear(named, "between"), linear(named, "more")
    for norm, name in ((made.norm1, "layer_norm_1"), (made.norm2, "layer_norm_2")):
        _set(norm.weight, named[f"{name}.gamma"])
        _set(norm.bias, named[f"{name}.beta"])
    return made


class Ratings(nn.Module):
    """The product of two embeddings."""

    def __init__(self, params: Parameters) -> None:
        super().__init__()
        self.taste, self.nature = embedding(params, "taste"), embedding(params, "nature")

    def forward(self, user: torch.Tensor, item: torch.Tensor) -> torch.Tensor:
        return (self.taste(user) * self.nature(item)).sum(-1, keepdim=True)


NETWORKS: Mapping[str, Callable[[Parameters], nn.Module]] = {
    "mlp": lambda params: dense_network(params, nn.ReLU),
    "small": lambda params: dense_network(params, nn.Tanh),
    "cnn": convolutional,
    "lstm": Characters,
    "transformer": encoder,
    "recommender": Ratings,
}


def cost(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of classes, the squared error of numbers."""
    if target.is_floating_point():
        return functional.mse_loss(output, target)
    return functional.cross_entropy(output.flatten(0, -2), target.flatten())


def optimizer(spec: Mapping[str, Any], parameters: list[nn.Parameter], fused: bool) -> torch.optim.Optimizer:
    """The spec's, PyTorch's own."""
    ((name, options),) = spec["optimizer"].items()
    rate, fusing = options["learning_rate"], True if fused else None
    if name == "adam":
        return torch.optim.Adam(parameters, rate, fused=fusing)
    return torch.optim.SGD(parameters, rate, momentum=options.get("momentum", 0.0), fused=fusing)


def prepare(workload: Workload, given: Given, *, fused: bool = False, compiled: bool = False) -> Contender:
    """The workload in PyTorch; `compiled`, by `torch.compile`."""
    network = NETWORKS[workload.kind](given.parameters)
    updates = optimizer(workload.spec, list(network.parameters()), fused)
    called = torch.compile(network) if compiled else network
    x, y = tensors(workload.examples())

    def step() -> float:
        updates.zero_grad()
        loss = cost(called(*x), y)
        loss.backward()
        updates.step()
        return float(loss.item())

    def infer() -> None:
        with torch.inference_mode():
            called(*x)

    return Contender(step, infer)


def tensors(batch: Batch) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
    """Inputs in order, and targets."""
    x, y = batch
    inputs = x.values() if isinstance(x, dict) else (x,)
    return tuple(torch.from_numpy(each) for each in inputs), torch.from_numpy(y)
