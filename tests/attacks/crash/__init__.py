"""A server that is killed at a chosen write, and one that starts after it and looks at what is left.

Run: ``python -m tests.attacks.crash``, or with ``lost_notice`` for a server with that bug. It reads one job a line on standard input
and answers one line. For each job it forks: the child is a server of its own over the same database, drives itself through ASGI, and
kills itself with SIGKILL before the N-th write of one step, commits among them. Nothing of it is closed, nothing is rolled back by
us: what stays is what a power cut would leave to the database.
"""
