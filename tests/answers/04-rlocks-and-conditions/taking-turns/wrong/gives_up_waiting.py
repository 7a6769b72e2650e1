# fails: turns-in-order
# mistake: timeout-ignored
class TakingTurns:
    def __init__(self, players):
        self.players = players
        self.turn = 0
        self.passed = threading.Condition()

    def play(self, player, move):
        with self.passed:
            self.passed.wait_for(lambda: self.turn == player, timeout=30)
        try:
            return move()
        finally:
            with self.passed:
                self.turn = (self.turn + 1) % self.players
                self.passed.notify_all()
