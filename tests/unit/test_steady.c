#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/steady.h"

/** Distance in units of the last place of what libm says, which itself is off by less than one. */
static double off_by_ulp(double ours, double libm)
{
    const double ulp = nextafter(fabs(libm), INFINITY) - fabs(libm);
    return fabs(ours - libm) / ulp;
}

static void results_are_as_exact_as_those_of_libm(void **state)
{
    (void)state;
    unsigned seed = 3;
    for (int i = 0; i < 300000; i++) {
        const double x = (rand_r(&seed) - RAND_MAX / 2) * (1400.0 / RAND_MAX);
        const double near_one = 1 + x * 1e-4;
        assert_true(off_by_ulp(steady_log(near_one), log(near_one)) <= 2);
        assert_true(off_by_ulp(steady_log(exp(x)), log(exp(x))) <= 2);
        assert_true(off_by_ulp(steady_exp(x), exp(x)) <= 2);
        assert_true(off_by_ulp(steady_exp2(x), exp2(x)) <= 2);
        assert_true(off_by_ulp(steady_hypot(x, 7), hypot(x, 7)) <= 2);
    }
}

/* The point of the module: these bits come out on every machine and with every compiler. */
static void bits_are_the_same_everywhere(void **state)
{
    (void)state;
    assert_true(steady_log(1.0001) == 0x1.a368d0657fcd4p-14);
    assert_true(steady_log(627400 / 185.10) == 0x1.041c353d39858p+3);
    assert_true(steady_log(0.01) == -0x1.26bb1bbb55516p+2);
    assert_true(steady_exp(0.1) == 0x1.1aec7b35a00d4p+0);
    assert_true(steady_exp(-7.25) == 0x1.7455fe323fafep-11);
    assert_true(steady_exp2(-0.0069) == 0x1.fd8e9dda83545p-1);
    assert_true(steady_hypot(30, 17.3) == 0x1.150bcf650d0edp+5);
}

static void whole_powers_are_exact(void **state)
{
    (void)state;
    assert_true(steady_log(1) == 0);
    assert_true(steady_exp(0) == 1);
    for (int n = -1074; n < 1024; n++)
        assert_true(steady_exp2(n) == ldexp(1, n));
}

static void what_is_out_of_range_is_infinite_nothing_or_no_number(void **state)
{
    (void)state;
    assert_true(steady_log(0) == -INFINITY);
    assert_true(steady_log(INFINITY) == INFINITY);
    assert_true(isnan(steady_log(-1)));
    assert_true(isnan(steady_log(NAN)));
    assert_true(off_by_ulp(steady_log(5e-324), log(5e-324)) <= 1);
    assert_true(steady_exp(710) == INFINITY);
    assert_true(steady_exp(-746) == 0);
    assert_true(steady_exp(1e300) == INFINITY);
    assert_true(steady_exp(-INFINITY) == 0);
    assert_true(isnan(steady_exp(NAN)));
    assert_true(steady_exp2(1024) == INFINITY);
    assert_true(steady_exp2(-1e9) == 0);
    assert_true(isnan(steady_exp2(NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_as_exact_as_those_of_libm),
        cmocka_unit_test(bits_are_the_same_everywhere),
        cmocka_unit_test(whole_powers_are_exact),
        cmocka_unit_test(what_is_out_of_range_is_infinite_nothing_or_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
