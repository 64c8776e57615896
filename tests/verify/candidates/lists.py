"""Nested lists in and out, without NumPy."""


def correlate(image, kernel):
    """First-program style: one image, one kernel, lists of lists. Right."""
    rows = len(image) - len(kernel) + 1
    columns = len(image[0]) - len(kernel[0]) + 1
    result = []
    for r in range(rows):
        line = []
        for c in range(columns):
            total = 0
            for i in range(len(kernel)):
                for j in range(len(kernel[0])):
                    total += image[r + i][c + j] * kernel[i][j]
            line.append(total)
        result.append(line)
    return result


def correlate_aliased(image, kernel):
    """First-program style, [[0] * columns] * rows: all rows are one list, and end as the sum of all."""
    rows = len(image) - len(kernel) + 1
    columns = len(image[0]) - len(kernel[0]) + 1
    result = [[0] * columns] * rows
    for r in range(rows):
        for c in range(columns):
            for i in range(len(kernel)):
                for j in range(len(kernel[0])):
                    result[r][c] += image[r + i][c + j] * kernel[i][j]
    return result


def correlate_short(image, kernel):
    """First-program style, one row and one column too few: range already stops before its end."""
    rows = len(image) - len(kernel)
    columns = len(image[0]) - len(kernel[0])
    return [
        [
            sum(image[r + i][c + j] * kernel[i][j] for i in range(len(kernel)) for j in range(len(kernel[0])))
            for c in range(columns)
        ]
        for r in range(rows)
    ]


def conv2d(x, w, b, stride=1):
    """Interview style: images, channels, rows, columns as lists of lists of lists of lists. Right."""
    kh, kw = len(w[0][0]), len(w[0][0][0])
    out = []
    for image in x:
        height, width = len(image[0]), len(image[0][0])
        maps = []
        for kernel, bias in zip(w, b, strict=True):
            plane = []
            for r in range(0, height - kh + 1, stride):
                line = []
                for c in range(0, width - kw + 1, stride):
                    total = bias
                    for plane_in, taps in zip(image, kernel, strict=True):
                        for i in range(kh):
                            for j in range(kw):
                                total += plane_in[r + i][c + j] * taps[i][j]
                    line.append(total)
                plane.append(line)
            maps.append(plane)
        out.append(maps)
    return out


def conv2d_bias_each_channel(x, w, b, stride=1):
    """Interview style, the bias added once for every input channel."""
    kh, kw = len(w[0][0]), len(w[0][0][0])
    out = []
    for image in x:
        height, width = len(image[0]), len(image[0][0])
        maps = []
        for kernel, bias in zip(w, b, strict=True):
            plane = []
            for r in range(0, height - kh + 1, stride):
                line = []
                for c in range(0, width - kw + 1, stride):
                    total = 0
                    for plane_in, taps in zip(image, kernel, strict=True):
                        total += bias
                        for i in range(kh):
                            for j in range(kw):
                                total += plane_in[r + i][c + j] * taps[i][j]
                    line.append(total)
                plane.append(line)
            maps.append(plane)
        out.append(maps)
    return out


def conv2d_grads(dout, x, w):
    """Interview style: dx, dw and db as nested lists, stride 1. Right."""
    channels, kh, kw = len(w[0]), len(w[0][0]), len(w[0][0][0])
    dx = [[[[0.0] * len(line) for line in plane] for plane in image] for image in x]
    dw = [[[[0.0] * kw for _ in range(kh)] for _ in range(channels)] for _ in w]
    db = [0.0] * len(w)
    for n, maps in enumerate(dout):
        for f, plane in enumerate(maps):
            for r, line in enumerate(plane):
                for c, g in enumerate(line):
                    db[f] += g
                    for d in range(channels):
                        for i in range(kh):
                            for j in range(kw):
                                dx[n][d][r + i][c + j] += g * w[f][d][i][j]
                                dw[f][d][i][j] += g * x[n][d][r + i][c + j]
    return dx, dw, db


def relu(x):
    """First-program style, two axes. Right."""
    return [[value if value > 0 else 0 for value in row] for row in x]
