"""`symbp plan`: what a training step of a module will compute and hold, known before it runs.

report   Generated, batch  ->  Report     operations with shapes and cost, what is saved, memory, what each pass did
show     Report            ->  tables for the terminal
"""
