using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Staff;

/// <summary>Who asks: the member of staff, and whether they may act or only read.</summary>
public sealed record Caller(StaffRow Staff, bool CanAct);

/// <summary>
/// Sessions in two cookies: <c>eb_staff</c> acts for 12 h, <c>eb_screen</c> reads for 30 days, so that a screen whose
/// session has expired keeps showing alarms. A token is 32 random bytes; the database knows only its SHA-256.
/// </summary>
public sealed class Sessions(Store store, Clock clock)
{
    /// <summary>The cookie that acts.</summary>
    public const string ActCookie = "eb_staff";

    /// <summary>The cookie that reads.</summary>
    public const string ScreenCookie = "eb_screen";

    private const long ActMs = 12L * 3_600_000;
    private const long ScreenMs = 30L * 24 * 3_600_000;
    private const int TokenBytes = 32;

    /// <summary>The caller behind a request, or null.</summary>
    public Caller? Find(HttpContext context)
    {
        byte[]? act = Hash(context.Request.Cookies[ActCookie]);
        byte[]? screen = Hash(context.Request.Cookies[ScreenCookie]);
        if (act is null && screen is null)
        {
            return null;
        }
        return store.Read(db =>
        {
            if (act is not null && StaffRows.BySession(db, act, "act", clock.NowMs) is { } actor)
            {
                return new Caller(actor, CanAct: true);
            }
            return screen is not null && StaffRows.BySession(db, screen, "screen", clock.NowMs) is { } reader
                ? new Caller(reader, CanAct: false)
                : null;
        });
    }

    /// <summary>Signs in: both cookies, once they are stored.</summary>
    public async Task BeginAsync(HttpContext context, StaffRow staff, string how)
    {
        string act = NewToken();
        string screen = NewToken();
        await store.WriteAsync(
            Lane.Alarm,
            tx =>
            {
                StaffRows.InsertSession(tx.Db, staff.CentreId, staff.Id, Hash(act)!, "act", tx.NowMs, tx.NowMs + ActMs);
                StaffRows.InsertSession(
                    tx.Db, staff.CentreId, staff.Id, Hash(screen)!, "screen", tx.NowMs, tx.NowMs + ScreenMs);
                StaffRows.Forget(tx.Db, tx.NowMs - ScreenMs);
                tx.Audit(
                    staff.CentreId, $"staff:{staff.Id} {staff.DisplayName}", "staff.signin", $"staff:{staff.Id}", how);
            },
            context.RequestAborted);
        context.Response.Cookies.Append(ActCookie, act, Cookie(context, ActMs));
        context.Response.Cookies.Append(ScreenCookie, screen, Cookie(context, ScreenMs));
    }

    /// <summary>Signs out; the screen keeps reading.</summary>
    public async Task EndAsync(HttpContext context)
    {
        if (Hash(context.Request.Cookies[ActCookie]) is { } token)
        {
            await store.WriteAsync(
                Lane.Alarm,
                tx =>
                {
                    if (StaffRows.BySession(tx.Db, token, "act", tx.NowMs) is { } staff
                        && StaffRows.EndSession(tx.Db, token, tx.NowMs))
                    {
                        tx.Audit(staff.CentreId, $"staff:{staff.Id} {staff.DisplayName}", "staff.signout",
                            $"staff:{staff.Id}");
                    }
                },
                context.RequestAborted);
        }
        context.Response.Cookies.Delete(ActCookie, Cookie(context, 0));
    }

    /// <summary>SHA-256 of a token or code as it came from outside; null where it cannot be one.</summary>
    public static byte[]? Hash(string? token) =>
        token is { Length: > 0 and <= 128 } ? SHA256.HashData(Encoding.UTF8.GetBytes(token)) : null;

    private static string NewToken() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));

    private static CookieOptions Cookie(HttpContext context, long lifeMs) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps,
        Path = "/",
        MaxAge = lifeMs > 0 ? TimeSpan.FromMilliseconds(lifeMs) : null,
        IsEssential = true,
    };
}
