/* Convolutions in plain C, channels first, as a small inference engine or a teaching project has them. */

/* Accumulate in a local variable, test the borders at every tap. Right. */
void conv2d_forward(const float *x, const float *w, const float *b, float *y, int n, int c, int h, int w_,
                    int f, int kh, int kw, int stride, int pad)
{
    int oh = (h + 2 * pad - kh) / stride + 1;
    int ow = (w_ + 2 * pad - kw) / stride + 1;
    for (int in = 0; in < n; in++)
        for (int of = 0; of < f; of++)
            for (int oy = 0; oy < oh; oy++)
                for (int ox = 0; ox < ow; ox++) {
                    float sum = b[of];
                    for (int ic = 0; ic < c; ic++)
                        for (int ky = 0; ky < kh; ky++)
                            for (int kx = 0; kx < kw; kx++) {
                                int iy = oy * stride + ky - pad;
                                int ix = ox * stride + kx - pad;
                                if (iy < 0 || iy >= h || ix < 0 || ix >= w_)
                                    continue;
                                sum += x[((in * c + ic) * h + iy) * w_ + ix] * w[((of * c + ic) * kh + ky) * kw + kx];
                            }
                    y[((in * f + of) * oh + oy) * ow + ox] = sum;
                }
}

/* The right border lets column w_ pass: the first number of the next row, or one past the end of the array. */
void conv2d_forward_overread(const float *x, const float *w, const float *b, float *y, int n, int c, int h,
                             int w_, int f, int kh, int kw, int stride, int pad)
{
    int oh = (h + 2 * pad - kh) / stride + 1;
    int ow = (w_ + 2 * pad - kw) / stride + 1;
    for (int in = 0; in < n; in++)
        for (int of = 0; of < f; of++)
            for (int oy = 0; oy < oh; oy++)
                for (int ox = 0; ox < ow; ox++) {
                    float sum = b[of];
                    for (int ic = 0; ic < c; ic++)
                        for (int ky = 0; ky < kh; ky++)
                            for (int kx = 0; kx < kw; kx++) {
                                int iy = oy * stride + ky - pad;
                                int ix = ox * stride + kx - pad;
                                if (iy >= 0 && iy < h && ix >= 0 && ix <= w_)
                                    sum += x[((in * c + ic) * h + iy) * w_ + ix] *
                                           w[((of * c + ic) * kh + ky) * kw + kx];
                            }
                    y[((in * f + of) * oh + oy) * ow + ox] = sum;
                }
}

/* The rows of the image are as long as its height: right for square images. */
void conv2d_forward_square(const float *x, const float *w, const float *b, float *y, int n, int c, int h,
                           int w_, int f, int kh, int kw, int stride, int pad)
{
    int oh = (h + 2 * pad - kh) / stride + 1;
    int ow = (w_ + 2 * pad - kw) / stride + 1;
    for (int in = 0; in < n; in++)
        for (int of = 0; of < f; of++)
            for (int oy = 0; oy < oh; oy++)
                for (int ox = 0; ox < ow; ox++) {
                    float sum = b[of];
                    for (int ic = 0; ic < c; ic++)
                        for (int ky = 0; ky < kh; ky++)
                            for (int kx = 0; kx < kw; kx++) {
                                int iy = oy * stride + ky - pad;
                                int ix = ox * stride + kx - pad;
                                if (iy < 0 || iy >= h || ix < 0 || ix >= w_)
                                    continue;
                                /* h where w_ belongs, kept inside the array */
                                int at = ((in * c + ic) * h + iy) * h + ix;
                                if (at < n * c * h * w_)
                                    sum += x[at] * w[((of * c + ic) * kh + ky) * kw + kx];
                            }
                    y[((in * f + of) * oh + oy) * ow + ox] = sum;
                }
}

/* Scatter every gradient to the window that it came from. Right. */
void conv2d_backward_data(const float *dy, const float *w, float *dx, int n, int c, int h, int w_, int f,
                          int kh, int kw, int stride, int pad)
{
    int oh = (h + 2 * pad - kh) / stride + 1;
    int ow = (w_ + 2 * pad - kw) / stride + 1;
    for (int i = 0; i < n * c * h * w_; i++)
        dx[i] = 0.0f;
    for (int in = 0; in < n; in++)
        for (int of = 0; of < f; of++)
            for (int oy = 0; oy < oh; oy++)
                for (int ox = 0; ox < ow; ox++) {
                    float g = dy[((in * f + of) * oh + oy) * ow + ox];
                    for (int ic = 0; ic < c; ic++)
                        for (int ky = 0; ky < kh; ky++)
                            for (int kx = 0; kx < kw; kx++) {
                                int iy = oy * stride + ky - pad;
                                int ix = ox * stride + kx - pad;
                                if (iy >= 0 && iy < h && ix >= 0 && ix < w_)
                                    dx[((in * c + ic) * h + iy) * w_ + ix] +=
                                        g * w[((of * c + ic) * kh + ky) * kw + kx];
                            }
                }
}

/* The same without the stride in the position of the window. */
void conv2d_backward_data_unstrided(const float *dy, const float *w, float *dx, int n, int c, int h, int w_,
                                    int f, int kh, int kw, int stride, int pad)
{
    int oh = (h + 2 * pad - kh) / stride + 1;
    int ow = (w_ + 2 * pad - kw) / stride + 1;
    for (int i = 0; i < n * c * h * w_; i++)
        dx[i] = 0.0f;
    for (int in = 0; in < n; in++)
        for (int of = 0; of < f; of++)
            for (int oy = 0; oy < oh; oy++)
                for (int ox = 0; ox < ow; ox++) {
                    float g = dy[((in * f + of) * oh + oy) * ow + ox];
                    for (int ic = 0; ic < c; ic++)
                        for (int ky = 0; ky < kh; ky++)
                            for (int kx = 0; kx < kw; kx++) {
                                int iy = oy + ky - pad;
                                int ix = ox + kx - pad;
                                if (iy >= 0 && iy < h && ix >= 0 && ix < w_)
                                    dx[((in * c + ic) * h + iy) * w_ + ix] +=
                                        g * w[((of * c + ic) * kh + ky) * kw + kx];
                            }
                }
}

/* One sum for every weight. Right. */
void conv2d_backward_weights(const float *x, const float *dy, float *dw, float *db, int n, int c, int h, int w_,
                             int f, int kh, int kw, int stride, int pad)
{
    int oh = (h + 2 * pad - kh) / stride + 1;
    int ow = (w_ + 2 * pad - kw) / stride + 1;
    for (int of = 0; of < f; of++) {
        db[of] = 0.0f;
        for (int in = 0; in < n; in++)
            for (int o = 0; o < oh * ow; o++)
                db[of] += dy[(in * f + of) * oh * ow + o];
        for (int ic = 0; ic < c; ic++)
            for (int ky = 0; ky < kh; ky++)
                for (int kx = 0; kx < kw; kx++) {
                    float sum = 0.0f;
                    for (int in = 0; in < n; in++)
                        for (int oy = 0; oy < oh; oy++)
                            for (int ox = 0; ox < ow; ox++) {
                                int iy = oy * stride + ky - pad;
                                int ix = ox * stride + kx - pad;
                                if (iy >= 0 && iy < h && ix >= 0 && ix < w_)
                                    sum += x[((in * c + ic) * h + iy) * w_ + ix] *
                                           dy[((in * f + of) * oh + oy) * ow + ox];
                            }
                    dw[((of * c + ic) * kh + ky) * kw + kx] = sum;
                }
    }
}

/* Adds to whatever dw and db hold: the caller was expected to clear them. */
void conv2d_backward_weights_adds(const float *x, const float *dy, float *dw, float *db, int n, int c, int h,
                                  int w_, int f, int kh, int kw, int stride, int pad)
{
    int oh = (h + 2 * pad - kh) / stride + 1;
    int ow = (w_ + 2 * pad - kw) / stride + 1;
    for (int in = 0; in < n; in++)
        for (int of = 0; of < f; of++)
            for (int oy = 0; oy < oh; oy++)
                for (int ox = 0; ox < ow; ox++) {
                    float g = dy[((in * f + of) * oh + oy) * ow + ox];
                    db[of] += g;
                    for (int ic = 0; ic < c; ic++)
                        for (int ky = 0; ky < kh; ky++)
                            for (int kx = 0; kx < kw; kx++) {
                                int iy = oy * stride + ky - pad;
                                int ix = ox * stride + kx - pad;
                                if (iy >= 0 && iy < h && ix >= 0 && ix < w_)
                                    dw[((of * c + ic) * kh + ky) * kw + kx] +=
                                        g * x[((in * c + ic) * h + iy) * w_ + ix];
                            }
                }
}

/* Double precision, one image. Right. */
void max_pool2x2(const double *x, double *y, int channels, int height, int width)
{
    int oh = height / 2, ow = width / 2;
    for (int ch = 0; ch < channels; ch++)
        for (int i = 0; i < oh; i++)
            for (int j = 0; j < ow; j++) {
                const double *at = x + (ch * height + 2 * i) * width + 2 * j;
                double best = at[0];
                if (at[1] > best)
                    best = at[1];
                if (at[width] > best)
                    best = at[width];
                if (at[width + 1] > best)
                    best = at[width + 1];
                y[(ch * oh + i) * ow + j] = best;
            }
}
