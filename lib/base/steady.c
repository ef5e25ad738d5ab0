#include "base/steady.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/** ln 2 in two parts: the upper one has so few bits that its product with an exponent is exact. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define LN2 0x1.62e42fefa39efp-1
#define LOG2_E 0x1.71547652b82fep+0
#define SQRT2 0x1.6a09e667f3bcdp+0
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
#define EXPONENT_MASK 0x7ff
#define SMALLEST_NORMAL 0x1p-1022
/** Beyond these the results are out of range, and an exponent would not fit into an int. */
#define EXP_RANGE 800
#define EXP2_RANGE 1100

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof(x));
    return x;
}

/** x = 2^exponent * the result, which lies between 1/sqrt(2) and sqrt(2). `x` is finite and above 0. */
static double reduce(double x, int *exponent)
{
    int shifted = 0;
    if (x < SMALLEST_NORMAL) {
        x *= 0x1p54;
        shifted = 54;
    }
    uint64_t bits = bits_of(x);
    *exponent = (int)(bits >> MANTISSA_BITS) - EXPONENT_BIAS - shifted;
    bits = (bits & ~((uint64_t)EXPONENT_MASK << MANTISSA_BITS)) | (uint64_t)EXPONENT_BIAS << MANTISSA_BITS;
    double mantissa = double_of(bits);
    if (mantissa > SQRT2) {
        mantissa /= 2;
        ++*exponent;
    }
    return mantissa;
}

double steady_log(double x)
{
    int exponent;
    if (!(x > 0) || isinf(x))
        return x == 0 ? -INFINITY : x > 0 ? x : NAN;
    /* With s = f / (2 + f): log(1 + f) = 2 atanh(s) = f - f^2/2 + s (f^2/2 + r), r = 2 s^2/3 + 2 s^4/5 + ... The sum of r is
     * taken as two chains, which the processor works on at once. */
    const double f = reduce(x, &exponent) - 1;
    const double s = f / (2 + f), z = s * s, w = z * z, half = 0.5 * f * f;
    const double odd = z * (2.0 / 3 + w * (2.0 / 7 + w * (2.0 / 11 + w * (2.0 / 15 + w * (2.0 / 19 + w * (2.0 / 23))))));
    const double even = w * (2.0 / 5 + w * (2.0 / 9 + w * (2.0 / 13 + w * (2.0 / 17 + w * (2.0 / 21)))));
    const double low = s * (half + (odd + even)) + exponent * LN2_LOW;
    return exponent * LN2_HIGH - ((half - low) - f);
}

/** x * 2^exponent; in two steps, so that results below the normal range are rounded once. */
static double scale(double x, int exponent)
{
    const int first = exponent < -1000 ? -1000 : exponent > 1000 ? 1000 : exponent;
    const int second = exponent - first;
    return x * double_of((uint64_t)(first + EXPONENT_BIAS) << MANTISSA_BITS) *
           double_of((uint64_t)(second + EXPONENT_BIAS) << MANTISSA_BITS);
}

/** e^r - 1 for |r| <= ln(2) / 2, by the power series; its terms in groups, which the processor works on at once. */
static double small_exp_minus_1(double r)
{
    const double z = r * r, w = z * z;
    const double first = (1.0 / 2 + r * (1.0 / 6)) + z * (1.0 / 24 + r * (1.0 / 120));
    const double second = (1.0 / 720 + r * (1.0 / 5040)) + z * (1.0 / 40320 + r * (1.0 / 362880));
    const double third = (1.0 / 3628800 + r * (1.0 / 39916800)) + z * (1.0 / 479001600 + r * (1.0 / 6227020800));
    return r + z * (first + w * (second + w * third));
}

double steady_exp(double x)
{
    if (!(fabs(x) < EXP_RANGE))
        return isnan(x) ? x : x > 0 ? INFINITY : 0;
    const double n = rint(x * LOG2_E);
    return scale(1 + small_exp_minus_1((x - n * LN2_HIGH) - n * LN2_LOW), (int)n);
}

double steady_exp2(double x)
{
    if (!(fabs(x) < EXP2_RANGE))
        return isnan(x) ? x : x > 0 ? INFINITY : 0;
    const double n = rint(x);
    return scale(1 + small_exp_minus_1((x - n) * LN2), (int)n);
}

double steady_hypot(double a, double b)
{
    return sqrt(a * a + b * b);
}
