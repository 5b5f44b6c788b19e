"""Goldens of operations: inputs, outputs and gradients.

Per case <case>.in.<name>, <case>.out (further outputs <case>.out.<name>),
<case>.upstream, a random gradient of the output, and <case>.grad.<name>, the
gradients of the inputs under it.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # in the scope of the cases' code
from torch import Tensor, nn
from torch.nn.utils.rnn import (
    PackedSequence,
    pack_padded_sequence,
    pad_packed_sequence,
)


def pack(x: Tensor, lengths: Tensor) -> PackedSequence:
    """Packs sentences [B,T,...]."""
    return pack_padded_sequence(x, lengths, batch_first=True)


def pad(data: Tensor, batch_sizes: Tensor) -> Tensor:
    """Pads packed rows [N,...] to [B,T,...]."""
    return pad_packed_sequence(PackedSequence(data, batch_sizes), batch_first=True)[0]


def lstm(
    data: Tensor,
    batch_sizes: Tensor,
    h_0: Tensor | None = None,
    c_0: Tensor | None = None,
    **weights: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Two bidirectional layers of 4 units: packed output [N,8], h_n, c_n."""
    module = nn.LSTM(data.size(1), 4, num_layers=2, bidirectional=True)
    packed = PackedSequence(data, batch_sizes)
    first = (packed,) if h_0 is None else (packed, (h_0, c_0))
    output, state = torch.func.functional_call(module, weights, first)
    h_n, c_n = state
    return output.data, h_n, c_n


def additive_scores(h: Tensor, **weights: Tensor) -> Tensor:
    """q·tanh(W h + b) of two aspects, side by side."""
    scores = [
        F.linear(torch.tanh(F.linear(h, weights[f"w{a}"], weights[f"b{a}"])), q)
        for a, q in enumerate((weights["q0"], weights["q1"]))
    ]
    return torch.cat(scores, 1)


class Recorder:
    """Collects inputs, outputs and gradients of operations."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.cases: dict[str, str] = {}

    def add(self, case: str, code: str, further: str = "", **inputs: Tensor) -> None:
        """Evaluates code over the inputs, and its gradient.

        A code that gives several outputs names those after the first in
        further. Floating inputs get a gradient, but for class_weight.
        """
        for name, tensor in inputs.items():
            floating = tensor.is_floating_point() and name != "class_weight"
            tensor.requires_grad_(floating)
        scope = globals() | inputs | {"inputs": inputs}
        result = eval(code, scope)
        out, *others = result if isinstance(result, tuple) else (result,)
        upstream = torch.randn_like(out)
        out.backward(upstream)

        self.cases[case] = code
        self.tensors |= {f"{case}.out": out, f"{case}.upstream": upstream}
        for name, tensor in zip(further.split(), others, strict=True):
            self.tensors[f"{case}.out.{name}"] = tensor
        for name, tensor in inputs.items():
            self.tensors[f"{case}.in.{name}"] = tensor
            if tensor.grad is not None:
                self.tensors[f"{case}.grad.{name}"] = tensor.grad


def elementwise(add: Callable[..., None]) -> None:
    """Arithmetic, reductions, and moving elements around."""
    n, mask = torch.randn, torch.tensor([[True, False, True], [False, True, False]])
    add("add", "a + b", a=n(3, 4), b=n(3, 4))
    add("add_broadcast", "a + b", a=n(2, 3, 4), b=n(4))
    add("mul", "a * b", a=n(3, 4), b=n(3, 4))
    add("mul_broadcast", "a * b", a=n(2, 3, 4), b=n(2, 3, 1))
    add("div", "a / b", a=n(3, 4), b=n(3, 1).exp())
    add("scale", "0.3 * x", x=n(3, 4))
    add("matmul", "a @ b", a=n(2, 3, 4, 5), b=n(2, 1, 5, 3))
    add("tanh", "torch.tanh(x)", x=n(3, 4))
    add("sigmoid", "torch.sigmoid(x)", x=n(3, 4))
    add("sum", "x.sum(dim=1)", x=n(2, 3, 4))
    add("sum_all", "x.sum()", x=n(2, 3, 4))
    add("max", "tuple(x.max(dim=1))", "indices", x=n(2, 5, 3))
    add("cat", "torch.cat([a, b], dim=1)", a=n(2, 3), b=n(2, 2))
    add("stack", "torch.stack([a, b], dim=1)", a=n(2, 3), b=n(2, 3))
    index = torch.tensor([[0, 3], [1, 1], [2, 0]])
    add("gather", "x.gather(1, index)", x=n(3, 4), index=index)
    index = torch.tensor([4, 0, 0])
    add("index_select", "x.index_select(1, index)", x=n(2, 5, 3), index=index)
    add("select", "x[:, -1]", x=n(2, 3, 4))
    add("narrow", "x.narrow(1, 1, 2)", x=n(2, 4, 3))
    add("transpose", "x.transpose(1, 2)", x=n(2, 3, 4))
    add("reshape", "x.reshape(2, 12)", x=n(2, 3, 4))
    add("expand", "x.expand(3, 2, 4)", x=n(1, 2, 1))
    add("unsqueeze", "x.unsqueeze(1)", x=n(2, 3))
    add("squeeze", "x.squeeze(1)", x=n(2, 1, 3))
    add("masked_fill", "x.masked_fill(mask, -2.5)", x=n(4, 2, 3), mask=mask)


def network(add: Callable[..., None]) -> None:
    """Layers, softmax, attention, losses and packed sequences."""
    n = torch.randn
    add("linear", "F.linear(x, w, b)", x=n(2, 3, 4), w=n(5, 4), b=n(5))
    add("linear_no_bias", "F.linear(x, w)", x=n(2, 3, 4), w=n(5, 4))
    ids = torch.tensor([[3, 1, 3], [5, 0, 0]])
    add("embedding", "F.embedding(ids, w)", ids=ids, w=n(6, 4))
    add("softmax", "x.softmax(dim=1)", x=n(2, 3, 4))
    add("log_softmax", "x.log_softmax(dim=-1)", x=n(2, 3, 4))
    valid = torch.tensor([[True] * 4, [True, True, False, False]])
    code = "x.masked_fill(~valid, -torch.inf).softmax(dim=-1)"
    add("masked_softmax", code, x=n(2, 4), valid=valid)

    qkv = "F.scaled_dot_product_attention(q, k, v, mask)"
    for case, mask in {
        "attention": valid[:, None, None, :],
        "attention_full_mask": torch.ones(4, 4, dtype=torch.bool).tril(),
    }.items():
        q, k, v = n(2, 2, 4, 3), n(2, 2, 4, 3), n(2, 2, 4, 3)
        add(case, qkv, q=q, k=k, v=v, mask=mask.clone())

    target = torch.tensor([0, 4, -1, 2, 2, -1])
    for reduction in ("mean", "sum"):
        options = f"ignore_index=-1, reduction={reduction!r}"
        code = f"F.cross_entropy(x, target, class_weight, {options})"
        weight, case = torch.tensor([0.3, 0.5, 1, 1, 2]), f"cross_entropy_{reduction}"
        add(case, code, x=n(6, 5), target=target, class_weight=weight)
    code = "F.binary_cross_entropy_with_logits(x, target.float())"
    add("bce_with_logits", code, x=n(4, 3), target=torch.randint(2, (4, 3)))

    lengths = torch.tensor([5, 3, 3, 1])
    sizes = pack(n(4, 5, 3), lengths).batch_sizes
    code = "tuple(pack(x, lengths))[:2]"
    add("pack", code, "batch_sizes", x=n(4, 5, 3), lengths=lengths)
    add("pad", "pad(data, batch_sizes)", data=n(12, 3), batch_sizes=sizes)
    for case, code, further in (
        ("lstm", "lstm(**inputs)", "h_n c_n"),
        ("lstm_final", "lstm(**inputs)[1]", ""),
    ):
        module = nn.LSTM(3, 4, num_layers=2, bidirectional=True)
        weights = {name: p.detach() for name, p in module.named_parameters()}
        add(case, code, further, data=n(12, 3), batch_sizes=sizes, **weights)
    for case, code, further in (
        ("lstm_from", "lstm(**inputs)", "h_n c_n"),
        ("lstm_from_cell", "lstm(**inputs)[2]", ""),
    ):
        module = nn.LSTM(3, 4, num_layers=2, bidirectional=True)
        weights = {name: p.detach() for name, p in module.named_parameters()}
        weights |= {"h_0": n(4, 4, 4), "c_0": n(4, 4, 4)}
        add(case, code, further, data=n(12, 3), batch_sizes=sizes, **weights)
    weights = {
        f"{name}{a}": n(*shape)
        for a in (0, 1)
        for name, shape in (("w", (5, 3)), ("b", (5,)), ("q", (1, 5)))
    }
    add("additive_scores", "additive_scores(**inputs)", h=n(7, 3), **weights)
    add("logaddexp", "torch.logaddexp(a, b)", a=n(3, 4), b=n(3, 4))
    ids, bounds = torch.tensor([3, 1, 3, 5, 0, 0]), torch.tensor([0, 3, 3, 5, 6])
    code = "F.embedding_bag(ids, w, bounds, mode='sum', include_last_offset=True)"
    add("embedding_bag", code, ids=ids, bounds=bounds, w=n(6, 4))


def make() -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors, and the line of PyTorch that each case is."""
    recorder = Recorder()
    elementwise(recorder.add)
    network(recorder.add)
    return recorder.tensors, recorder.cases
