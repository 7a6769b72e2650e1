class TakingTurns:
    def __init__(self, players):
        self.players = players
        self.turn = 0
        self.changed = threading.Condition()

    def wait(self, player):
        with self.changed:
            self.changed.wait_for(lambda: self.turn == player)

    def pass_on(self):
        with self.changed:
            self.turn = (self.turn + 1) % self.players
            self.changed.notify_all()

    def play(self, player, move):
        self.wait(player)
        try:
            return move()
        finally:
            self.pass_on()
