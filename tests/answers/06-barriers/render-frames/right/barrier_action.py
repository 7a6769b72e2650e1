def render_frames(frames, parts, paint, show):
    pieces = [None] * parts
    complete = threading.Barrier(parts, action=lambda: show(list(pieces)))

    def painter(part):
        for frame in range(frames):
            pieces[part] = paint(frame, part)
            complete.wait()

    painters = [threading.Thread(target=painter, args=(part,)) for part in range(parts)]
    for thread in painters:
        thread.start()
    for thread in painters:
        thread.join()
