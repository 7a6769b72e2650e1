# fails: turns-in-order
# mistake: none
class TakingTurns:
    def __init__(self, players):
        self.players = players
        self.turn = 0
        self.cond = threading.Condition()

    def play(self, player, move):
        with self.cond:
            if self.turn != player:
                self.cond.wait()
            try:
                return move()
            finally:
                self.turn = (self.turn + 1) % self.players
                self.cond.notify()
