"""`symbp plan`: what a training step of a module will compute and hold, known before it runs.

report   Programmed, batch  ->  Report    operations with shapes and cost, what is saved, memory
savings  Programmed, batch  ->  Savings   what each means of `symbp.means` saves
progress names               ->  names     a bar on standard error, while each is at work
show     both               ->  tables for the terminal
columns  cells, room         ->  lines in columns, folded between words
"""
