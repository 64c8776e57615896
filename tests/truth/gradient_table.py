"""Formulas whose gradients by every input are right, and have to be proved so.

One formula a line; by topic, so that a failure says which kind is not covered. POINTWISE holds functions of x and z.
"""

from __future__ import annotations

POINTWISE = {
    "products and quotients": """
        x*log(x)
        x**2*log(x)
        sin(x)*cos(x)
        tanh(x)**2
        exp(x)/(1 + exp(x))
        x/sqrt(x**2 + 1)
        x*exp(-x)
        sin(x)/x
        sin(x)/cos(x)
        x/(1 + abs(x))
        (x**2 - 1)/(x**2 + 1)
        exp(-x**2/2)
        log(x)/x
        x*sigmoid(x)
        x*tanh(log(1 + exp(x)))
        x*(1 + erf(x/sqrt(2)))/2
        sigmoid(x)*(1 - sigmoid(x))
        (exp(x) - exp(-x))/(exp(x) + exp(-x))
        x**2*exp(x)*sin(x)
        x**3/(1 + x)**2
    """,
    "powers and roots": """
        x**9
        x**64
        1/x
        x**-3
        sqrt(x)
        x**(3/2)
        x**(-1/2)
        (1 + x)**7
        x**5 - 3*x**3 + x
        1/(1 + x**2)
        sqrt(1 + sqrt(x))
        sqrt(x**2 + 1/100)
        (x**2 + x + 1)**4
        x**(1/3)
    """,
    "functions of functions": """
        log(1 + exp(x))
        log(1 + exp(-x))
        exp(sin(x))
        log(log(x))
        tanh(sinh(x))
        atan(x)
        erf(x)**2
        cosh(x)*sinh(x)
        exp(exp(x/4))
        sin(cos(x))
        log(1 + x**2)
        sqrt(log(x)**2 + 1)
        sigmoid(sigmoid(x))
        exp(1)*x
        1/(1 + exp(1000*x))
    """,
    "functions with no gradient left": """
        exp(x)*exp(-x)
        sin(x)**2 + cos(x)**2
        cosh(x)**2 - sinh(x)**2
        atan(x) + atan(1/x)
        x/x
        log(x) - log(2*x)
    """,
    "identities inside": """
        log(exp(x))
        exp(log(x))
        sqrt(x)*sqrt(x)
        sqrt(x**2)
        (x**2 - 1)/(x - 1)
        log(x**2)
        1/(1 + x) + 1/(1 - x)
        log(x - 1)
    """,
    "cases": """
        abs(x)
        relu(x)
        relu(x)**2
        relu(relu(x))
        relu(1 - relu(x))
        max(min(x, 6), 0)
        max(min(x/6 + 1/2, 1), 0)
        max(min(x, 1), -1)
        max(x, x/10)
        max(x, 0) + min(exp(x) - 1, 0)
        x*max(min(x + 3, 6), 0)/6
        abs(abs(x) - 1)
        max(x, -x)
        relu(x) - relu(-x)
        abs(x)*x
        relu(x)*sigmoid(x)
        min(x, x**2)
    """,
    "two operands": """
        x*z
        x/z
        x**2*z**3
        sqrt(x**2 + z**2)
        log(x + z)
        atan(z/x)
        max(x, z)
        min(x, z)
        exp(x*z)
        x*log(x/z)
        abs(x - z)
        relu(x - z)
        x/(x + z)
        (x - z)**2/2
        x*log(z) + (1 - x)*log(1 - z)
        tanh(x*z)*z
        (x**2 - z**2)/(x - z)
        sin(x + z)*cos(x - z)
        max(x, max(z, 0))
        (exp(x) + exp(z))**2
        log(exp(x) + exp(z))
    """,
}

FORMULAS = {
    "losses": """
        E = sum(p) (t[p] - x[p])**2/2
        E = sum(p) (t[p] - x[p])**2/P
        E = -sum(p) t[p]*log(x[p])
        E = -sum(i) (t[i]*log(x[i]) + (1 - t[i])*log(1 - x[i]))
        E = sum(i) (log(1 + exp(x[i])) - t[i]*x[i])
        E = sum(i) a[i]*log(a[i]/b[i])
        E = -sum(i) a[i]*log(a[i])
        E = sum(i) (a[i]*log(a[i]) - a[i]*log(b[i]))
        E = sum(i) abs(x[i] - t[i])
        E = sum(i) (sqrt(1 + (x[i] - t[i])**2) - 1)
        E = sum(i) relu(1 - t[i]*x[i])
        E = sum(i) max(0, 1 - t[i]*x[i])**2
        E = sum(i) (exp(x[i]) - t[i]*x[i])
        E = sum(i) ((x[i] - t[i])**2/(2*v[i]) + log(v[i])/2)
        E = sum(i) log(cosh(x[i] - t[i]))
        a = sum(i) u[i]*v[i]; b = sum(i) u[i]**2; c = sum(i) v[i]**2; y = a/sqrt(b*c)
        z = sum(i) exp(x[i]); E = log(z) - sum(i) t[i]*x[i]
        E = sum(i,j) w[i,j]**2 + sum(i,j) abs(w[i,j])
        y[n] = sum(i) (x[n,i] - c[i])**2
        y[n,m] = sum(i) (x[n,i] - z[m,i])**2
        y[n,m] = sum(i) x[n,i]*x[m,i]
        a[n] = sum(i) (x[n,i] - u[n,i])**2; b[n] = sum(i) (x[n,i] - v[n,i])**2; E = sum(n) relu(a[n] - b[n] + 1)
    """,
    "normalisations": """
        s = sum(j) exp(x[j]); y[i] = exp(x[i])/s
        s[n] = sum(j) exp(x[n,j]); y[n,i] = exp(x[n,i])/s[n]
        s[n] = sum(j) exp(x[n,j]); y[n,i] = x[n,i] - log(s[n])
        s = sum(j) exp(x[j]/t); y[i] = exp(x[i]/t)/s
        s = sum(i) x[i]**2; y[i] = x[i]/sqrt(s)
        s = sum(i) abs(x[i]); y[i] = x[i]/s
        s[n] = sum(i) x[n,i]**2/I; y[n,i] = g[i]*x[n,i]/sqrt(s[n] + 1/1000)
        m[n] = sum(i) x[n,i]/I; y[n,i] = x[n,i] - m[n]
        m[n] = sum(i) x[n,i]/I; v[n] = sum(i) (x[n,i] - m[n])**2/I; y[n,i] = (x[n,i] - m[n])/sqrt(v[n] + 1/1000)
        m[c] = sum(n) x[n,c]/N; v[c] = sum(n) (x[n,c] - m[c])**2/N; y[n,c] = g[c]*(x[n,c] - m[c])/sqrt(v[c] + 1/1000) + b[c]
        m[n] = sum(k) x[n,k]/K; v[n] = sum(j) (x[n,j] - m[n])**2/J; y[n,i] = (x[n,i] - m[n])/sqrt(v[n] + 1/1000)
        s[o] = sum(i) v[o,i]**2; y[n,o] = sum(i) g[o]*v[o,i]*x[n,i]/sqrt(s[o])
        s = sum(j) x[j]; y[i] = x[i]/s
        s[i] = sum(k) x[i + k]**2; y[i] = z[i]/(1 + s[i])
    """,
    "attention": """
        s[i,j] = sum(k) q[i,k]*p[j,k]; e[i,j] = exp(s[i,j]); z[i] = sum(j) e[i,j]; y[i,c] = sum(j) e[i,j]*v[j,c]/z[i]
        y[i,c] = sum(j,k) q[i,k]*p[j,k]*v[j,c]
        e[i,j] = exp(x[i]*x[j]); z[i] = sum(j) e[i,j]; y[i] = sum(j) e[i,j]*x[j]/z[i]
        s[i,j] = sum(k) x[i,k]*x[j,k]; y[i,c] = sum(j) tanh(s[i,j])*x[j,c]
        s[i,j] = sum(k) q[i,k]*p[j,k]; y[i,c] = sum(j) relu(s[i,j])*v[j,c]
        z[i] = sum(j) exp(b[i,j]); y[i,c] = sum(j) exp(b[i,j])*v[j,c]/z[i]
    """,
    "networks": """
        h[i] = w[i]*x[i]; y[j] = sum(k) v[j,k]*tanh(h[k])
        h[j] = sum(i) w[j,i]*x[i] + b[j]; y[o] = sum(j) v[o,j]*relu(h[j]) + c[o]
        h[j] = sum(i) w[j,i]*x[i] + b[j]; y[o] = sum(m) v[o,m]*sigmoid(h[m]) + c[o]
        h[n,j] = sum(i) w[j,i]*x[n,i]; a[n,j] = tanh(h[n,j]); y[n,o] = sum(k) v[o,k]*a[n,k]; E = sum(n,o) (y[n,o] - t[n,o])**2/2
        h[i] = sum(k) w[k]*x[i + k]; y[i] = relu(h[i])
        h[i] = sum(k) w[k]*x[i + k]; a[i] = relu(h[i]); y[j] = sum(m) v[m]*a[2*j + m]
        h[i] = sum(k) w[k]*x[2*i + k - 1] + b; y[i] = tanh(h[i])*g[i]
        y[i] = x[i] + sum(j) w[i,j]*tanh(x[j])
        t[i] = sum(j) u[i,j]*x[j]; h[i] = sum(j) w[i,j]*x[j]; y[i] = sigmoid(t[i])*tanh(h[i]) + (1 - sigmoid(t[i]))*x[i]
        a[o] = sum(i) w[o,i]*x[i]; b[o] = sum(i) v[o,i]*x[i]; y[o] = a[o]*sigmoid(b[o])
        h[j] = sum(i) w[j,i]*x[i]; s = sum(j) exp(h[j]); E = log(s) - sum(j) t[j]*h[j]
        m[c] = sum(i) x[c,i]/I; h[c] = sum(a) w[c,a]*m[a]; y[c,i] = x[c,i]*sigmoid(h[c])
        h[i] = sum(k) w[k]*x[i + k]; p[i] = max(h[2*i], h[2*i + 1]); y[o] = sum(i) v[o,i]*p[i]
    """,
    "recurrent cells": """
        a[i] = sum(j) u[i,j]*x[j]; h[i] = tanh(a[i]); b[i] = sum(k) w[i,k]*h[k] + sum(j) u[i,j]*z[j]; y[i] = tanh(b[i])
        a[i] = sum(k) w[i,k]*h[k]; b[i] = sum(k) w[i,k]*tanh(a[k]); y[i] = tanh(b[i])
        f[i] = sum(k) u[i,k]*h[k]; g[i] = sum(k) w[i,k]*h[k]; y[i] = sigmoid(f[i])*c[i] + sigmoid(g[i])*tanh(g[i])
        r[i] = sum(k) u[i,k]*h[k] + x[i]; c[i] = sum(k) w[i,k]*sigmoid(r[k])*h[k]; y[i] = (1 - sigmoid(r[i]))*h[i] + sigmoid(r[i])*tanh(c[i])
        f[i] = sum(k) u[i,k]*h[k]; o[i] = sum(k) v[i,k]*h[k]; c[i] = sigmoid(f[i])*b[i] + tanh(o[i]); y[i] = sigmoid(o[i])*tanh(c[i])
    """,
    "bilinear and quadratic": """
        y = sum(i,j) x[i]*a[i,j]*z[j]
        y = sum(i,j) x[i]*a[i,j]*x[j]
        y = sum(i,j,k) t[i,j,k]*x[i]*x[j]*x[k]
        y[i,j] = sum(k) x[k,i]*x[k,j]
        y[i,j] = x[i]*x[j]
        y[i] = sum(j) exp(x[i]*x[j])
        y[i] = sum(j) x[i]*x[j]
        y[i,j] = sum(k) a[i,k]*b[k,j]
        y[j,i] = a[i,j]
        y = sum(i) a[i,i]
        y[i] = a[i,i]
        y[i,j] = sum(k) a[i,k]*a[k,j]
        y[i,j] = sum(k) a[i,k]*a[j,k]
        y[i,l] = sum(j,k) a[i,j]*a[j,k]*a[k,l]
        y[n,o] = sum(i,j) x[n,i]*w[o,i,j]*z[n,j]
        y[i,j] = sum(k) a[i,k]*b[k,j] - sum(k) b[i,k]*a[k,j]
        y = sum(i,j) (a[i,j] - a[j,i])**2
        y[i] = x[i]**2*sum(j) a[i,j]*x[j]
        y = sum(i,j) abs(x[i] - x[j])
        y[i] = sum(j) tanh(x[i] - x[j])
        y[i] = sum(j) x[j]/(1 + x[i]**2)
        y[i] = x[i]**9*w[i]
    """,
    "names": """
        y[i] = sum(j) dense[i,j]*data[j]
        y[i] = sum(j) d[j]*c[i,j]
        y[i] = sum(j) d[j]
        data[i] = sum(j) w[i,j]*dist[j]
        dist[i,j] = (dense[i] - data[j])**2
        y[i,j] = data[j,i]*2
        dense[i,j] = sum(k) x[i,k]*x[j,k]
        y[i] = sum(k) dx[k]*w[i,k]
        y[i] = x[i]*dx[i]
        y[i] = sum(j) dy[i,j]*x[j]
        y[i] = d[i]*dd[i]*ddd[i]
        s[i] = sum(j) delta[i,j]*w[j]; y[i] = tanh(s[i])*ds[i]
        dx[i] = sum(k) w[k]*x[i + k]
        Y[i] = sum(k) W[k]*X[2*i + k]
        y[i] = A[i + 1]*B[2*i]
        Out[i] = sum(j) Matrix[i,j]*relu(In[j])
        sel[i] = mask[i]*count[i]
        E[i] = S[i]*Q[2*i + 1]
    """,
    "windows": """
        y[i] = sum(k) w[k]*x[i + k]
        y[i] = sum(k) w[k]*x[2*i + k]
        y[i] = sum(k) w[k]*x[3*i + 2*k]
        y[i] = sum(k) w[k]*x[2*i + 4*k + 1]
        y[i] = sum(k) w[k]*x[i + k - 1]
        y[i] = sum(k) w[k]*x[2*i + k - p]
        y[i] = sum(k) w[k]*x[s*i + k]
        y[i] = sum(k) w[k]*x[s*i + d*k - p]
        y[i] = sum(k) w[K-1-k]*x[i + k]
        y[i] = sum(k) w[k]*x[i - k]
        y[i] = sum(k) w[k]*x[i]*x[i + k]
        y[i] = sum(k) w[k]*x[8*i + k]
        y[n,o,i] = sum(c,k) w[o,c,k]*x[n,c,2*i + k - 1] + b[o]
        y[i,j] = sum(k,l) w[k,l]*x[i + k, j + l]
        y[i,j] = sum(k,l) w[k,l]*x[2*i + k - 1, 3*j + l] + b
        y[n,c,i,j] = sum(k,l) w[c,k,l]*x[n,c,i + k,j + l]
        y[n,g,o,i] = sum(c,k) w[g,o,c,k]*x[n,g,c,2*i + 2*k - 2]
        y[i] = x[2*k,2*i + k,i + k]*w[k]
        y[i] = sum(k) x[i + k]/K
        y[i] = sum(k) x[2*i + k]**2
        y[i] = sum(k) exp(w[k]*x[i + k])
        y[i] = sum(k) abs(x[i + k] - w[k])
        y[i] = sum(k,m) w[k,m]*x[i + k]*x[i + m]
        y[i] = sum(k) w[i,k]*x[i + k]
        y[i] = sum(k) w[k]*x[i + k]**3
        y[i] = sum(k) w[k]*tanh(x[2*i + k])
        s[i] = sum(k) x[2*i + k]**2; y[i] = sqrt(s[i])
        y[i] = x[i + 1] - x[i]
        y[i] = x[i - 1] - 2*x[i] + x[i + 1]
        y[i] = x[I-1-i]
        y[i,j] = x[i + j]
        y[k] = sum(i) x[i]*x[i + k]
        y[i] = max(x[2*i], x[2*i + 1])
        y[i] = max(max(x[3*i], x[3*i + 1]), x[3*i + 2])
        y[i] = sum(j) w[i - j + J - 1]*x[j]
        y[i] = sum(k,m) v[m]*w[k]*x[i + k + m]
        h[i] = sum(k) u[k]*x[i + k]; y[j] = sum(m) v[m]*h[j + m]
        c[i] = sum(k) x[i - k]*w[k]; y[i] = c[i]**2
    """,
    "scatter": """
        y[2*i] = x[i]
        y[2*i + k] = w[k]*x[i]
        y[3*i + 2*k] = w[k]*x[i]
        y[s*i + k] = w[k]*x[i]
        y[n,o,2*i + k] = sum(c) w[c,o,k]*x[n,c,i]
        y[2*i + a, 2*j + b] = x[a,b,i,j]
        y[2*i] = a[i]; y[2*i + 1] = b[i]
        y[i + k] = v[k]*x[i]**2
        y[i + j] = u[i]*v[j]
        y[i + j] = u[i]*u[j]
        h[2*i + k] = w[k]*x[i]; y[j] = tanh(h[j])
    """,
}


def lines(table: dict[str, str]) -> list[tuple[str, str]]:
    """(topic, line) of each line of a table."""
    return [(topic, line.strip()) for topic, text in table.items() for line in text.splitlines() if line.strip()]
