# fails: turns-in-order
# mistake: pulse-missed
class TakingTurns:
    def __init__(self, players):
        self.players = players
        self.turn = 0
        self.passed = threading.Event()

    def play(self, player, move):
        while self.turn != player:
            self.passed.wait()
        try:
            return move()
        finally:
            self.turn = (self.turn + 1) % self.players
            self.passed.set()
            self.passed.clear()
