class TakingTurns:
    def __init__(self, players):
        self.turns = [threading.Semaphore(0) for _ in range(players)]
        self.turns[0].release()

    def play(self, player, move):
        self.turns[player].acquire()
        try:
            return move()
        finally:
            self.turns[(player + 1) % len(self.turns)].release()
