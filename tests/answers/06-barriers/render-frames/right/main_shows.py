def render_frames(frames, parts, paint, show):
    pieces = [None] * parts
    painted = threading.Barrier(parts + 1)
    shown = threading.Barrier(parts + 1)

    def painter(part):
        for frame in range(frames):
            pieces[part] = paint(frame, part)
            painted.wait()
            shown.wait()

    painters = [threading.Thread(target=painter, args=(part,)) for part in range(parts)]
    for thread in painters:
        thread.start()
    for frame in range(frames):
        painted.wait()
        show(list(pieces))
        shown.wait()
    for thread in painters:
        thread.join()
