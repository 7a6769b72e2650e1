class TakingTurns:
    def __init__(self, players):
        self.players = players
        self.moves = 0
        self.condition = threading.Condition()

    def play(self, player, move):
        with self.condition:
            while self.moves % self.players != player:
                self.condition.wait()
            try:
                result = move()
            finally:
                self.moves += 1
                self.condition.notify_all()
        return result
