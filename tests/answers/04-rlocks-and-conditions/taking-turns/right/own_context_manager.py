from contextlib import contextmanager
from itertools import cycle


class TakingTurns:
    def __init__(self, players):
        self.players = players
        self.order = cycle(range(players))
        self.turn = next(self.order)
        self.passed = threading.Condition()

    @contextmanager
    def my_turn(self, player):
        with self.passed:
            self.passed.wait_for(lambda: self.turn == player)
            try:
                yield
            finally:
                self.turn = next(self.order)
                self.passed.notify_all()

    def play(self, player, move):
        with self.my_turn(player):
            return move()
