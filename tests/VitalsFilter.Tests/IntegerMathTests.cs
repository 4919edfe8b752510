using ElderBand.VitalsFilter;

namespace ElderBand.Tests.VitalsFilter;

public sealed class IntegerMathTests
{
    [Fact]
    public void Isqrt_is_exact_at_every_square_and_beside_it()
    {
        for (var root = 0; root <= 46340; root++)
        {
            IntegerMath.Isqrt(root * root).ShouldBe(root);
            if (root > 1)
            {
                IntegerMath.Isqrt((root * root) - 1).ShouldBe(root - 1);
            }
        }

        IntegerMath.Isqrt(int.MaxValue).ShouldBe(46340);
        IntegerMath.Isqrt(-5).ShouldBe(0);
    }

    [Fact]
    public void IsqrtNear_is_Isqrt_from_any_guess()
    {
        var random = new Random(3);
        for (var i = 0; i < 300_000; i++)
        {
            var value = random.Next() >> random.Next(0, 31);
            var guess = i % 3 == 0 ? IntegerMath.Isqrt(value) + random.Next(-50, 50) : random.Next(-10, 1_000_000_001);
            IntegerMath.IsqrtNear(value, guess).ShouldBe(IntegerMath.Isqrt(value), $"value {value} guess {guess}");
        }

        foreach (var guess in new[] { int.MinValue, 0, 1, 255, 256, 46340, 1_000_000_000 })
        {
            IntegerMath.IsqrtNear(int.MaxValue, guess).ShouldBe(46340);
            IntegerMath.IsqrtNear(0, guess).ShouldBe(0);
            IntegerMath.IsqrtNear(1, guess).ShouldBe(1);
            IntegerMath.IsqrtNear(-7, guess).ShouldBe(0);
        }
    }

    [Fact]
    public void IsqrtLong_is_exact_up_to_the_largest_value()
    {
        var random = new Random(1);
        for (var i = 0; i < 100_000; i++)
        {
            var value = random.NextInt64() >> random.Next(0, 62);
            Int128 root = IntegerMath.IsqrtLong(value);
            (root * root).ShouldBeLessThanOrEqualTo(value);
            ((root + 1) * (root + 1)).ShouldBeGreaterThan(value);
        }

        IntegerMath.IsqrtLong(long.MaxValue).ShouldBe(3_037_000_499);
    }

    [Fact]
    public void IsqrtLong_is_exact_at_squares_and_beside_them()
    {
        for (long root = 2; root <= 3_037_000_499; root += 1 + (root / 5000))
        {
            IntegerMath.IsqrtLong(root * root).ShouldBe(root);
            IntegerMath.IsqrtLong((root * root) - 1).ShouldBe(root - 1);
        }

        IntegerMath.IsqrtLong(long.MinValue).ShouldBe(0);
    }
}
