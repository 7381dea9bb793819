# SPDX-License-Identifier: GPL-2.0-or-later
"""What Python programs do: method calls, dictionaries, strings, floats, sorting."""


class Account:
    def __init__(self, number):
        self.number, self.total, self.moves = number, 0.0, []

    def post(self, amount):
        self.total += amount
        self.moves.append(round(amount))


def collatz(n, known):
    path = []
    while n not in known:
        path.append(n)
        n = n // 2 if n % 2 == 0 else 3 * n + 1
    for steps, m in enumerate(reversed(path), known[n] + 1):
        known[m] = steps
    return known[path[0]] if path else known[n]


accounts = [Account(i) for i in range(300)]
for turn in range(90000):
    accounts[turn * 7919 % 300].post((turn % 1000) * 0.37 - 180)
known = {1: 0}
longest = max(collatz(n, known) for n in range(1, 26000))
names = sorted((f'{a.total:.3f}:{a.number}' for a in accounts), key=lambda s: s[::-1])
letters = {}
for word in ' '.join(names * 30).split():
    for c in word:
        letters[c] = letters.get(c, 0) + 1
print(longest, len(names), sorted(letters.items()))
