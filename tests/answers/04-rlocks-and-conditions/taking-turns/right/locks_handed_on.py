class TakingTurns:
    def __init__(self, players):
        self.gates = [threading.Lock() for _ in range(players)]
        for gate in self.gates[1:]:
            gate.acquire()

    def play(self, player, move):
        self.gates[player].acquire()
        try:
            answer = move()
        except Exception:
            self.gates[(player + 1) % len(self.gates)].release()
            raise
        self.gates[(player + 1) % len(self.gates)].release()
        return answer
