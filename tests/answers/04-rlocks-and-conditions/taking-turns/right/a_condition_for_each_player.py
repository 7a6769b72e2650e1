class TakingTurns:
    def __init__(self, players):
        self.turn = 0
        lock = threading.Lock()
        self.mine = [threading.Condition(lock) for _ in range(players)]

    def play(self, player, move):
        with self.mine[player]:
            self.mine[player].wait_for(lambda: self.turn == player)
            try:
                return move()
            finally:
                self.turn = (player + 1) % len(self.mine)
                self.mine[self.turn].notify()
