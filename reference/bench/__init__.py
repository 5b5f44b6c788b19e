"""absa beside PyTorch, measured in one run on the same data.

    make bench                      everything (an hour)
    make bench ARGS=--quick         a short form of every section (minutes)
    make bench ARGS='--only training,grid --json docs/bench.json'

A section (agreement, training, lstm, inference, process, beside, grid) is one module
and ends up as one table. In every round each program has one turn, so a machine
that slows down slows all of them, and what counts is the ratio of a round's
figures.

absa is the program as users run it, a process of its own for each turn. PyTorch
works in child processes (worker.py) that keep their data and their warm caches;
a run folder of absa tells them everything: recipe, split, vocabulary, vectors.
This process itself loads no PyTorch: no thread of it spins beside the others,
and the peak memory of a small parent does not hide that of its children.

Nothing is measured before the programs have shown that they do the same work:
without dropout their losses agree (agreement.py, whatever the sections asked for).
"""
