# fails: turns-in-order
# mistake: lost-wakeup
class TakingTurns:
    def __init__(self, players):
        self.players = players
        self.turn = 0
        self.passed = threading.Condition()

    def play(self, player, move):
        with self.passed:
            if player > 0:
                self.passed.wait()
            try:
                return move()
            finally:
                self.passed.notify_all()
