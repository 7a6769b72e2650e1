# fails: turns-pass-after-error
# mistake: wrong-without-preemption
class TakingTurns:
    def __init__(self, players):
        self.players = players
        self.turn = 0
        self.passed = threading.Condition()

    def play(self, player, move):
        with self.passed:
            while self.turn != player:
                self.passed.wait()
            answer = move()
            self.turn = (self.turn + 1) % self.players
            self.passed.notify_all()
            return answer
