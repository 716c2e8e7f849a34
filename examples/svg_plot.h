/* svg_plot.h - line plots as SVG, for the examples: panels under each other, each with axes, round
   ticks, a legend and up to 11 curves. Include it in one source file and call svg_plot.

   The picture follows the viewer's light or dark scheme and brings its own background. The five
   colors stay apart for color-blind eyes too: in either scheme any two of them differ by more
   than 35 in CIELAB for normal sight, protanopia, deuteranopia and tritanopia (Machado 2009).
   Only whole numbers are written, so the program's locale cannot spoil the file. */
#ifndef SVG_PLOT_H
#define SVG_PLOT_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SVG_PLOT_COLORS 5
#define SVG_PLOT_DASHES 3
#define SVG_PLOT_POINTS 100 /* as dash: a dot for each value, and no line */

typedef struct svg_curve {
    const char *label;
    const float *y;     /* y[i] is drawn at x = i + 1: epochs count from 1 */
    size_t count;
    unsigned color;     /* 0 to 4, then again */
    unsigned dash;      /* 0 solid, 1 dashed, 2 dotted, then again; or SVG_PLOT_POINTS */
} svg_curve;

typedef struct svg_panel {
    const char *title, *x_label, *y_label;
    bool log_y;         /* values that a logarithmic axis cannot show leave a gap */
    const svg_curve *curves;
    size_t curve_count;
} svg_panel;

/* Sizes in tenths of a pixel, as all that is drawn: fine enough to need no decimal point. The
   legend stands right of the axes, clear of the curves. */
enum {
    SVG__PICTURE_WIDTH = 7900, SVG__PANEL_HEIGHT = 3100, SVG__LEFT = 900, SVG__TOP = 440,
    SVG__WIDTH = 5000, SVG__HEIGHT = 2060, SVG__BOTTOM = SVG__TOP + SVG__HEIGHT,
    SVG__LEGEND = SVG__LEFT + SVG__WIDTH + 160, SVG__LEGEND_ROW = 190, SVG__MAX_TICKS = 16
};

static bool svg__finite(double value) {
    return fabs(value) <= DBL_MAX; /* isfinite warns of a conversion with some compilers */
}

/* A tick's value is digits x 10^exponent, so that its label needs no rounding. */
typedef struct svg__tick { long digits; int exponent; } svg__tick;

typedef struct svg__axis {
    double low, high;   /* of the scale: powers of ten where the axis is logarithmic */
    bool log;
    svg__tick ticks[SVG__MAX_TICKS];
    size_t tick_count;
} svg__axis;

static double svg__scale(const svg__axis *axis, double value) {
    if (!axis->log) return value;
    return value > 0 ? log10(value) : -HUGE_VAL;
}

static double svg__tick_value(svg__tick tick) {
    return (double)tick.digits * pow(10, tick.exponent);
}

static void svg__add_tick(svg__axis *axis, long digits, int exponent) {
    svg__tick tick = {digits, exponent};
    double at = svg__scale(axis, svg__tick_value(tick));
    double slack = 1e-6 * (axis->high - axis->low);
    if (axis->tick_count < SVG__MAX_TICKS && at >= axis->low - slack && at <= axis->high + slack)
        axis->ticks[axis->tick_count++] = tick;
}

/* About five ticks at multiples of 1, 2 or 5 times a power of ten. */
static void svg__linear_ticks(svg__axis *axis, bool widen) {
    double wanted = (axis->high - axis->low) / 5;
    int exponent = (int)floor(log10(wanted));
    double unit = pow(10, exponent);
    long step = 1;
    if (wanted > unit) step = 2;
    if (wanted > 2 * unit) step = 5;
    if (wanted > 5 * unit) step = 10;
    double first = floor(axis->low / (unit * (double)step) + 1e-9);
    double last = ceil(axis->high / (unit * (double)step) - 1e-9);
    if (fabs(first) > 1e6 || fabs(last) > 1e6)
        return;     /* a range too narrow for its distance from 0 to be labelled exactly */
    if (widen) {
        axis->low = first * (double)step * unit;
        axis->high = last * (double)step * unit;
    }
    for (long i = (long)first; i <= (long)last; ++i)
        svg__add_tick(axis, i * step, exponent);
}

/* Decades; over less than three of them 2 and 5 times each as well. */
static void svg__log_ticks(svg__axis *axis) {
    static const long digits[] = {1, 2, 5};
    bool few = axis->high - axis->low < 3;
    int first = (int)floor(axis->low), last = (int)ceil(axis->high);
    int stride = 1 + (last - first) / 8;
    for (int decade = first; decade <= last; decade += stride) {
        for (size_t i = 0; i < (few ? 3 : 1); ++i)
            svg__add_tick(axis, digits[i], decade);
    }
}

static svg__axis svg__x_axis(const svg_panel *panel) {
    svg__axis axis = {0};
    axis.high = 1;
    for (size_t c = 0; c < panel->curve_count; ++c)
        axis.high = fmax(axis.high, (double)panel->curves[c].count);
    svg__linear_ticks(&axis, false);
    return axis;
}

static svg__axis svg__y_axis(const svg_panel *panel) {
    svg__axis axis = {0};
    axis.log = panel->log_y;
    axis.low = HUGE_VAL;
    axis.high = -HUGE_VAL;
    for (size_t c = 0; c < panel->curve_count; ++c) {
        for (size_t i = 0; i < panel->curves[c].count; ++i) {
            double y = svg__scale(&axis, (double)panel->curves[c].y[i]);
            if (svg__finite(y)) {
                axis.low = fmin(axis.low, y);
                axis.high = fmax(axis.high, y);
            }
        }
    }
    if (axis.low > axis.high)
        axis.low = axis.high = 0;   /* nothing to draw */
    if (axis.log) {
        double air = fmax(0.05, 0.3 - (axis.high - axis.low) / 2);  /* room for a tick at least */
        axis.low -= air;
        axis.high += air;
        svg__log_ticks(&axis);
    } else {
        double flat = 1e-3 * fmax(1e-3, fabs(axis.high));
        if (axis.high - axis.low < flat) {
            axis.low -= flat;
            axis.high += flat;
        }
        svg__linear_ticks(&axis, true);
    }
    return axis;
}

static long svg__x(const svg__axis *axis, double value) {
    return SVG__LEFT + lround((double)SVG__WIDTH * (value - axis->low) / (axis->high - axis->low));
}

/* Inside its panel; SVG counts downwards. */
static long svg__y(const svg__axis *axis, double value) {
    double height = (svg__scale(axis, value) - axis->low) / (axis->high - axis->low);
    return SVG__BOTTOM - lround((double)SVG__HEIGHT * height);
}

static void svg__text(FILE *out, const char *text) {
    for (; *text != '\0'; ++text) {
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        default: fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
    }
}

static void svg__tick_label(FILE *out, svg__tick tick) {
    long magnitude = tick.digits < 0 ? -tick.digits : tick.digits;
    const char *sign = tick.digits < 0 ? "-" : "";
    if (tick.digits == 0) {
        fputs("0", out);
    } else if (tick.exponent < -5 || tick.exponent > 5) {
        fprintf(out, "%s%lde%d", sign, magnitude, tick.exponent);
    } else if (tick.exponent >= 0) {
        fprintf(out, "%s%ld%.*s", sign, magnitude, tick.exponent, "00000");
    } else {
        long unit = lround(pow(10, -tick.exponent));
        fprintf(out, "%s%ld.%0*ld", sign, magnitude / unit, -tick.exponent, magnitude % unit);
    }
}

static void svg__style(FILE *out) {
    static const char *const schemes[2][3 + SVG_PLOT_COLORS] = {
        /* background, text, grid, then the curves */
        {"#ffffff", "#24292f", "#d8dee4", "#05909a", "#ed5d0d", "#a010f0", "#352779", "#661d14"},
        {"#161b22", "#d6dde4", "#373e47", "#41feab", "#c85a08", "#9850e4", "#d4fa27", "#207a80"}};
    static const char *const rules[3 + SVG_PLOT_COLORS] = {
        ".b{fill:", "text{fill:", ".g{stroke:", ".c0{stroke:", ".c1{stroke:", ".c2{stroke:",
        ".c3{stroke:", ".c4{stroke:"};
    fputs("<style>\ntext{font:130px sans-serif}.t{font-weight:bold}.e{text-anchor:end}"
          ".m{text-anchor:middle}\n.g,.c{fill:none;stroke-width:10}"
          ".c{stroke-width:20;stroke-linejoin:round}\n"
          ".d1{stroke-dasharray:80 40}.d2{stroke-dasharray:20 30}"
          ".p{stroke-width:45;stroke-linecap:round}\n", out);
    for (int scheme = 0; scheme < 2; ++scheme) {
        fputs(scheme ? "@media (prefers-color-scheme:dark){" : "", out);
        for (int i = 0; i < 3 + SVG_PLOT_COLORS; ++i) {
            fprintf(out, "%s%s}", rules[i], schemes[scheme][i]);
        }
        fputs(scheme ? "}\n</style>\n" : "\n", out);
    }
}

static void svg__axes(FILE *out, const svg_panel *panel, const svg__axis *x, const svg__axis *y) {
    fprintf(out, "<text class=\"t\" x=\"%d\" y=\"260\">", SVG__LEFT);
    svg__text(out, panel->title);
    fprintf(out, "</text>\n<text class=\"m\" x=\"%d\" y=\"%d\">", SVG__LEFT + SVG__WIDTH / 2,
            SVG__BOTTOM + 420);
    svg__text(out, panel->x_label);
    fprintf(out, "</text>\n<text class=\"m\" transform=\"translate(180 %d) rotate(-90)\">",
            SVG__TOP + SVG__HEIGHT / 2);
    svg__text(out, panel->y_label);
    fputs("</text>\n", out);
    for (size_t i = 0; i < x->tick_count; ++i) {
        long at = svg__x(x, svg__tick_value(x->ticks[i]));
        fprintf(out, "<path class=\"g\" d=\"M%ld %dv50\"/><text class=\"m\" x=\"%ld\" y=\"%d\">",
                at, SVG__BOTTOM, at, SVG__BOTTOM + 200);
        svg__tick_label(out, x->ticks[i]);
        fputs("</text>\n", out);
    }
    for (size_t i = 0; i < y->tick_count; ++i) {
        long at = svg__y(y, svg__tick_value(y->ticks[i]));
        fprintf(out, "<path class=\"g\" d=\"M%d %ldh%d\"/><text class=\"e\" x=\"%d\" y=\"%ld\">",
                SVG__LEFT, at, SVG__WIDTH, SVG__LEFT - 80, at + 45);
        svg__tick_label(out, y->ticks[i]);
        fputs("</text>\n", out);
    }
    fprintf(out, "<rect class=\"g\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", SVG__LEFT,
            SVG__TOP, SVG__WIDTH, SVG__HEIGHT);
}

static void svg__begin_path(FILE *out, const svg_curve *curve) {
    fprintf(out, "<path class=\"c c%u ", curve->color % SVG_PLOT_COLORS);
    if (curve->dash == SVG_PLOT_POINTS) fputs("p\" d=\"", out);
    else fprintf(out, "d%u\" d=\"", curve->dash % SVG_PLOT_DASHES);
}

static void svg__curve(FILE *out, const svg_curve *curve, const svg__axis *x, const svg__axis *y) {
    /* Two points a pixel are enough for any screen: long runs would make files of megabytes. */
    size_t stride = 1 + curve->count / (SVG__WIDTH / 5);
    bool pen_down = false, points = curve->dash == SVG_PLOT_POINTS;
    svg__begin_path(out, curve);
    for (size_t i = 0; i < curve->count; i += stride) {
        double value = (double)curve->y[i];
        bool drawn = svg__finite(svg__scale(y, value));
        if (drawn) {
            fprintf(out, "%c%ld %ld%s", pen_down && !points ? 'L' : 'M', svg__x(x, (double)i + 1),
                    svg__y(y, value), points ? "h0" : "");
        }
        pen_down = drawn;
        if (i + 1 < curve->count && curve->count - 1 - i < stride)
            i = curve->count - 1 - stride;      /* the last point is always drawn */
    }
    fputs("\"/>\n", out);
}

static void svg__legend(FILE *out, const svg_panel *panel) {
    for (size_t i = 0; i < panel->curve_count; ++i) {
        const svg_curve *curve = &panel->curves[i];
        int y = SVG__TOP + 100 + SVG__LEGEND_ROW * (int)i;
        bool points = curve->dash == SVG_PLOT_POINTS;
        svg__begin_path(out, curve);
        fprintf(out, "M%d %dh%d\"/><text x=\"%d\" y=\"%d\">", SVG__LEGEND + (points ? 140 : 0), y,
                points ? 0 : 280, SVG__LEGEND + 360, y + 45);
        svg__text(out, curve->label);
        fputs("</text>\n", out);
    }
}

/* Draws the panels under each other. Labels are short UTF-8 texts, never NULL. False: the file
   could not be written. */
static bool svg_plot(FILE *out, const svg_panel *panels, size_t panel_count) {
    int width = SVG__PICTURE_WIDTH, height = SVG__PANEL_HEIGHT * (int)panel_count;
    fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\">\n", width / 10, height / 10, width, height);
    svg__style(out);
    fputs("<rect class=\"b\" width=\"100%\" height=\"100%\"/>\n", out);
    for (size_t p = 0; p < panel_count; ++p) {
        svg__axis x = svg__x_axis(&panels[p]), y = svg__y_axis(&panels[p]);
        int top = SVG__PANEL_HEIGHT * (int)p;
        fprintf(out, "<g transform=\"translate(0 %d)\">\n", top);
        svg__axes(out, &panels[p], &x, &y);
        for (size_t c = 0; c < panels[p].curve_count; ++c)
            svg__curve(out, &panels[p].curves[c], &x, &y);
        svg__legend(out, &panels[p]);
        fputs("</g>\n", out);
    }
    fputs("</svg>\n", out);
    return fflush(out) == 0 && !ferror(out);
}

#endif
