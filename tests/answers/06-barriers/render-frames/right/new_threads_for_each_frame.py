def render_frames(frames, parts, paint, show):
    for frame in range(frames):
        pieces = [None] * parts

        def painter(part, frame=frame, pieces=pieces):
            pieces[part] = paint(frame, part)

        painters = [threading.Thread(target=painter, args=(part,)) for part in range(parts)]
        for thread in painters:
            thread.start()
        for thread in painters:
            thread.join()
        show(pieces)
