class Film:
    def __init__(self, parts, show):
        self.pieces = [None] * parts
        self.missing = parts
        self.frame = 0
        self.show = show
        self.changed = threading.Condition()

    def hand_in(self, part, piece):
        with self.changed:
            mine = self.frame
            self.pieces[part] = piece
            self.missing -= 1
            if self.missing:
                self.changed.wait_for(lambda: self.frame > mine)
            else:
                self.show(self.pieces)
                self.missing = len(self.pieces)
                self.frame += 1
                self.changed.notify_all()


def render_frames(frames, parts, paint, show):
    film = Film(parts, show)

    def painter(part):
        for frame in range(frames):
            film.hand_in(part, paint(frame, part))

    painters = [threading.Thread(target=painter, args=(part,)) for part in range(parts)]
    for thread in painters:
        thread.start()
    for thread in painters:
        thread.join()
