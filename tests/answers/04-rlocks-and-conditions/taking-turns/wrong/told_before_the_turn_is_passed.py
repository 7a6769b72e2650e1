# fails: turns-in-order
# mistake: lost-wakeup
class TakingTurns:
    def __init__(self, players):
        self.players = players
        self.turn = 0
        self.passed = threading.Condition()

    def play(self, player, move):
        with self.passed:
            while self.turn != player:
                self.passed.wait()
        try:
            return move()
        finally:
            with self.passed:
                self.passed.notify_all()
            self.turn = (self.turn + 1) % self.players
