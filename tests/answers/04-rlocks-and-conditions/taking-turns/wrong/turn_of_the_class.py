# fails: turns-in-order
# mistake: wrong-without-preemption
class TakingTurns:
    turn = 0
    passed = threading.Condition()

    def __init__(self, players):
        self.players = players

    def play(self, player, move):
        with self.passed:
            while TakingTurns.turn != player:
                self.passed.wait()
            try:
                return move()
            finally:
                TakingTurns.turn = (TakingTurns.turn + 1) % self.players
                self.passed.notify_all()
