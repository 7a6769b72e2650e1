from concurrent.futures import ThreadPoolExecutor


def render_frames(frames, parts, paint, show):
    with ThreadPoolExecutor(max_workers=parts) as pool:
        for frame in range(frames):
            show(list(pool.map(partial(paint, frame), range(parts))))
