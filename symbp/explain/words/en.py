"""The phrases of explanations in English."""

from __future__ import annotations

from collections.abc import Mapping

PHRASES: Mapping[str, str] = {
    "list.comma": ", ",
    "list.and": " and ",
    "list.semicolon": "; ",
    "list.sentence": " ",
    "list.rule": ". ",
    "title": "Back-propagation in {network}, derived",
    "title.layer": "{title}: {layer}",
    # what formulas are called
    "name.into": "{first} into {second}",
    "name.qualified": "{name} {qualifiers}",
    "name.between": " ",
    "name.inference": "in inference",
    "name.step": "after a step",
    "name.with": "with {what}",
    "name.without": "without {what}",
    "name.summed": "summed",
    "name.rank": "of rank {what}",
    "name.becomes": "to rank {what}",
    "name.of": "of {what}",
    "name.computed": "of a computed target",
    "name.axis": "at axis {what}",
    "name.order": "to {what}",
    "name.weighted": "weighted",
    # words within formulas
    "word.if": "if",
    "word.otherwise": "otherwise",
    "word.and": "and",
    "word.or": "or",
    "word.not": "not",
    "word.fixed": "at fixed",
    "word.always": "always",
    "word.never": "never",
    # the convention
    "convention.heading": "Convention",
    "convention.notation": "The notation is {name}: {like}.",
    "notation.batch": "the founding article’s layer, for a whole batch at once",
    "notation.article": "that of the founding article, with column vectors",
    "notation.nielsen": "that of Nielsen, Neural Networks and Deep Learning (2015), chapter 2",
    "notation.ng": "that of Ng’s course Neural Networks and Deep Learning",
    "notation.rows": "that of Stanford’s course CS231n",
    "notation.torch": "that of PyTorch, whose linear layer keeps a row of weights for each output",
    "notation.index": "indices alone, without matrices",
    "convention.inputs": "A layer of neurons computes {single} with {W} of shape (inputs, outputs), so {element} "
    "leads from neuron {i} of one layer to neuron {j} of the next.",
    "convention.outputs": "A layer of neurons computes {single} with {W} of shape (outputs, inputs), the "
    "transpose of what the generated module stores, so {element} leads from neuron {i} of one layer to neuron {j} "
    "of the next.",
    "convention.related": "It is for one example, but by {formulas} the examples of a batch depend on each other, "
    "so here it is a whole batch.",
    "convention.no_mean": "It knows costs that are means over a batch; {C} is none, so nothing is divided.",
    "convention.rows": "A batch is rows, one example each: {whole}.",
    "convention.columns": "A batch is columns, one example each: {whole}.",
    "convention.ones": "There {ones} is a column of ones, and vectors over neurons lie as one example does.",
    "convention.repeated": "A vector beside a matrix is added to, or multiplied by, each of its rows or columns, and a "
    "sum over an index adds up along its axis.",
    "convention.one": "One example is looked at, a column: its index {n} and sums over the batch are left out.",
    "convention.index": "Tensors are shown at their indices, in the order in which they are stored; {n} counts the "
    "examples of a batch.",
    "convention.cost": "{C} is the cost of the whole batch, by default the mean over its {N} examples.",
    "convention.mean_of_examples": "{C} is that example’s cost; the cost of a batch is the mean of these, and so is "
    "its gradient.",
    "convention.sum_of_examples": "{C} is that example’s cost; the cost of a batch is the sum of these, and so is "
    "its gradient.",
    "convention.mean": "{C} is the mean over {N} examples, and 1/{N} stands at the gradients of parameters alone: "
    "{equal}, and so for whatever has a value for each example.",
    "convention.error": "The error of a weighted input is {error}.",
    "convention.derivative": "The error of a weighted input is {error}, and has no letter of its own.",
    "convention.differential": "The derivative of the cost is written as {equal}.",
    "convention.upstream": "In a formula, {upstream} is the derivative by its own output.",
    "convention.gradient": "{gradient} is made of all {element}.",
    "convention.slopes": "{slope} is the derivative of an activation.",
    "convention.indicator": "{indicator} is 1 where the condition holds, else 0.",
    "convention.matrices": "Between matrices {hadamard} is the elementwise product, and functions act on every "
    "element.",
    "convention.numbers": "A superscript counts layers. Numbers in brackets are those that the generated code quotes.",
    "convention.condition": "condition",
    "convention.flat": "{flat} is the row-major position of {i} and {j} together.",
    "convention.outside": "What is read outside a tensor is 0.",
    "convention.padded": "{padded} is {x}, but {c} outside.",
    "convention.stop": "{stop} is {x}, which derivatives take for a constant.",
    "convention.axes": "Between matrices, axes that stand side by side wherever they occur count as one.",
    # the network
    "network.heading": "The network",
    "network.block": "Block",
    "network.formula": "Formula",
    "network.reads": "Reads",
    "network.output": "Shape of its output",
    "network.values": "Sizes and hyperparameters",
    "network.symbol": "Symbol",
    "network.tensor": "Tensor",
    "network.shape": "Shape",
    "network.role": "Role",
    "network.parameters_of": "parameters of {owner}",
    "network.scalar": "a number",
    "network.none": "–",
    "network.count": "{tensors} tensors hold {numbers} trainable parameters.",
    "network.nothing": "Nothing is trainable.",
    "network.nothing_here": "This layer has no parameters.",
    "role.input": "input",
    "role.target": "target",
    "role.parameter": "parameter",
    "role.constant": "constant",
    "role.random": "random",
    "role.intermediate": "intermediate",
    "role.output": "output",
    "role.state": "state",
    "role.integers": "{role}, integers",
    "role.uniform": "{role} uniform",
    "role.normal": "{role} normal",
    # the forward pass
    "forward.heading": "Forward pass",
    "forward.block": "{block}:",
    "forward.sum": "The cost is the sum:",
    "forward.training": "That is in training. In inference:",
    "forward.drawing": "That is in training, with {drawn}. In inference:",
    "forward.uniform": "{tensor} drawn from [0, 1) anew for every step",
    "forward.normal": "{tensor} drawn anew for every step, normal",
    "forward.drawn": ", with ",
    "forward.state": "After every step of training, starting from {values}:",
    # the chain rule
    "chain.heading": "The chain rule, layer by layer",
    "chain.opening": "A weight changes the cost through the weighted input of its neuron, that through the neuron’s "
    "activation: {factors}.",
    "chain.weighted": "How {output} changes with {parameters}:",
    "chain.activation": "How the activation changes with {output} ({activation}):",
    "chain.cost": "How the cost changes with the activation, through {blocks}:",
    "chain.cost_joint": "How the cost changes with {output} (its first two factors in one), through {blocks}:",
    "chain.input": "the weighted input",
    "chain.output": "the output",
    "chain.together": "Together:",
    "chain.dots": "The dots stand for what is added by {blocks}.",
    # the formulas
    "seam.heading": "Through the seam",
    "seam.opening": "The formulas {first} and {second} are derived as one, because what they compute together is "
    "simpler than either cotangent (derivative of the cost by a tensor) alone.",
    "formula.heading": "Every formula, derived",
    "formula.users": "Used by {users}.",
    "formula.predicted": "Used in prediction, by {users} behind the network’s output.",
    "formula.source": "Source: {source}.",
    "formula.beside": "Computed beside it:",
    "formula.winners": "An argmax is where the maximum is attained, first of all if values are equal; if not, it stays "
    "there when they change a little. To derivatives it is a constant, and the maximum is what is read there.",
    "formula.derivative": "The derivative of {C} with respect to {tensor}",
    "form.index": "In index form:",
    "form.saved": "In values that the forward pass has saved:",
    "form.stable": "In stable form:",
    "matrix.product": "The sum over {indices} is the matrix product {product}:",
    "matrix.ones": "The sum over {indices} is a product with ones:",
    "matrix.elementwise": "No index is summed, so the product is elementwise (Hadamard):",
    "matrix.form": "Between matrices:",
    "formula.no_code": "There is no code beside these formulas: {reason}",
    "formula.code": "In the generated module, for {block}:",
    # the backward pass
    "backward.heading": "The backward pass",
    "backward.opening": "The same results with the tensors of this network, in order of evaluation.",
    "backward.dots": "Dots stand for what other readings of the same tensor add to its cotangent, "
    "the derivative of the cost by it.",
    # the update
    "update.heading": "The update",
    "update.opening": "One step of training changes every entry {w} of every parameter by its gradient {gradient}.",
    "update.row": "{name}:",
    "update.values": "{name} with {values}",
    "update.source": "{name} ({source})",
    "update.start": "Before the first step {values}.",
    "update.count": "Steps are counted by {t}, from 1.",
    "update.rate": "{name}, the learning rate of every step, counted from 0",
    # single expressions
    "diff.gradient": "The gradient of {output} with respect to {tensor}",
    "diff.Jacobian": "The Jacobian of {output} with respect to {tensor}",
    "diff.Hessian": "The Hessian of {output} with respect to {tensor}",
    "diff.expression": "The expression",
    "diff.elementwise": "Here {times} multiplies by elements, as in NumPy; a product of matrices is {product}.",
    "diff.inverse": "{inverse} is the inverse of {matrix}, which solves",
    "diff.named": "What a function is applied to has a name of its own, so that its derivative is found once:",
    "diff.steps": "Step by step",
    "diff.joined": "In one expression",
    "diff.result": "The result",
    "diff.code": "As NumPy code",
    "diff.checked": "Compared with differences of the expression at random points, in fifty digits: the largest "
    "relative error of the code in double precision is {error}.",
    # the worksheet
    "worksheet.title": "{title}: worksheet",
    "worksheet.heading": "Worksheet",
    "worksheet.opening": "Fill in every numbered box. A number that stands again asks for the same formula again, "
    "perhaps in another layer. The answers are at the end.",
    "worksheet.answers": "Answers",
    # the page in a browser
    "page.contents": "Contents",
    "page.module": "the code that the formulas became",
    "page.code": "Code",
    "page.to_code": "code",
    "page.close": "Close",
    "page.answer": "Answer",
    "page.light": "Light",
    "page.dark": "Dark",
    # the rules: a name, and why a step of it holds
    "chain rule.title": "Chain rule",
    "chain rule.of": "{C} depends on {tensor} through {through}: its derivative by every element there is "
    "multiplied by that element’s own derivative by {element}, and all products are summed.",
    "chain rule.again": "{tensor} at other places",
    "chain rule.direct": "{C} reads {tensor} itself, and depends on it through {through} too: its own partial "
    "derivative, with {through} held fixed, is added to what comes through {through}.",
    "differentiate.title": "Differentiate",
    "differentiate.linear": "{tensor} stands linearly in {values}, so the derivative is the factor beside it.",
    "differentiate.product": "By the product rule each factor of {values} that holds {tensor} is differentiated in "
    "turn while the others stay.",
    "differentiate.quotient": "By the quotient rule numerator and denominator of {values} are both differentiated.",
    "differentiate.functions": "By the chain rule an outer function’s derivative is multiplied by the inner one’s, "
    "with {slopes}.",
    "differentiate.branches": "Each branch is differentiated on its own; on the boundary that one counts which holds "
    "there.",
    "differentiate.maximum": "The maximum is read where it is attained, at its first winner, and has a derivative by "
    "that element alone.",
    "differentiate.deltas": "Elements of {tensor} do not depend on each other, so {slope}.",
    "differentiate.recurrent": "One element of {tensor} is varied and the others are held fixed, so {slope}; that they "
    "depend on each other is what the sum adds up.",
    "differentiate.bare": "Calculus gives the partial derivatives.",
    "implicit.title": "Differentiate the defining equation",
    "implicit.of": "Both sides of {detail} are differentiated, and the inverse matrix solves the linear equations that "
    "this gives.",
    "implicit.bare": "Both sides of the defining equation are differentiated, and the inverse matrix solves the linear "
    "equations that this gives.",
    "expand.title": "Expand the determinant",
    "expand.of": "Along the row that moves, {detail} is the sum of the elements times their cofactors, which do not "
    "read that row; the cofactors are the determinant times the inverse, transposed.",
    "expand.bare": "Along the row that moves, the determinant is the sum of the elements times their cofactors, which "
    "do not read that row; the cofactors are the determinant times the inverse, transposed.",
    "contract delta.title": "Contract deltas",
    "contract delta.one": "The delta picks {equal} out of the sum over {index}; every other term is 0.",
    "contract delta.several": "The deltas pick {equal} out of the sums over {indices}; every other term is 0.",
    "contract delta.many": "Each delta picks one term out of a sum, {equal}; every other term is 0.",
    "contract delta.solved": "The delta’s condition, solved for {index}, is {equal}: that term alone remains of the "
    "sum over {index}.",
    "contract delta.range": "Outside the range of {indices} nothing remains.",
    "contract delta.ranges": "Outside the ranges of {indices} nothing remains.",
    "contract delta.flat": "Positions agree where all their indices do, so the delta of {positions} is a product of "
    "deltas.",
    "contract delta.bare": "Of each sum the terms remain where the indices agree; every other term is 0.",
    "move to the left.title": "Move to the left",
    "move to the left.of": "The delta says which element is meant: {detail} becomes the index of the left-hand side.",
    "move to the left.bare": "The delta says which element is meant: its condition becomes the index of the "
    "left-hand side.",
    "factor out.title": "Factor out",
    "factor out.of": "What does not depend on a summation index leaves its sum: {detail}.",
    "factor out.bare": "What does not depend on a summation index leaves its sum.",
    "collect.title": "Collect",
    "collect.factor": "The terms have the factor {factor} in common.",
    "collect.bare": "Equal sums, common factors and powers are brought together.",
    "saved value.title": "Use the saved value",
    "saved value.of": "The forward pass has computed {equation}, so that value takes the place of the expression.",
    "saved value.several": "The forward pass has computed {equations}, so those values take the places of the "
    "expressions.",
    "saved value.own": "The forward pass has computed {equation}, so the derivative by {tensor} is written in terms "
    "of the output {output} itself.",
    "saved value.cancels": "The forward pass has computed {equations}, so terms cancel.",
    "saved value.bare": "The forward pass has computed this value, so it takes the place of the expression.",
    "stable form.title": "Stable form",
    "stable form.of": "The same value, evaluated without overflow or cancellation: {detail}.",
    "stable form.bare": "The same value, evaluated without overflow or cancellation.",
    "inline.title": "Put in the formula",
    "inline.of": "The intermediate value is replaced by the formula that computes it, {detail}, to cross the seam "
    "between two layers.",
    "inline.bare": "The intermediate value is replaced by the formula that computes it, to cross the seam between "
    "two layers.",
    "substitute.title": "Put in what was found",
    "substitute.of": "What was found for {detail} takes its place.",
    "substitute.bare": "What was found for a derivative takes its place.",
    "rewrite.title": "Rewrite",
    "rewrite.of": "By {detail}.",
    "rewrite.bare": "An identity of algebra.",
}
