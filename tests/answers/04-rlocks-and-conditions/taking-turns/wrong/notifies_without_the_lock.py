# fails: turns-in-order
# mistake: wrong-without-preemption
class TakingTurns:
    def __init__(self, players):
        self.players = players
        self.turn = 0
        self.cond = threading.Condition()

    def play(self, player, move):
        with self.cond:
            while self.turn != player:
                self.cond.wait()
        try:
            return move()
        finally:
            self.turn += 1
            if self.turn == self.players:
                self.turn = 0
            self.cond.notify_all()
