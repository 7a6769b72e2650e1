class TakingTurns:
    def __init__(self, players):
        self.players = players
        self.events = [threading.Event() for _ in range(players)]
        self.events[0].set()

    def play(self, player, move):
        self.events[player].wait()
        self.events[player].clear()
        try:
            return move()
        finally:
            self.events[(player + 1) % self.players].set()
