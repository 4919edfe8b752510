using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Staff;

/// <summary>
/// Who asks, and whether they may act or only read. On a wall screen where nobody is signed in, the screen itself asks:
/// <see cref="Staff"/> then has the id 0, the role "screen" and the screen's name.
/// </summary>
public sealed record Caller(StaffRow Staff, bool CanAct, long SignInId, ScreenRow? Screen)
{
    /// <summary>Tells browsers apart: the wall screen, else the sign-in.</summary>
    public string Browser => Screen is not null ? $"screen {Screen.Id}" : $"signin {SignInId}";
}

/// <summary>
/// Sessions in cookies: <c>eb_staff</c> acts for 12 h, <c>eb_screen</c> reads for 30 days, so that a screen whose
/// session has expired keeps showing alarms; signing out ends both. <c>eb_wall</c> is that of a wall screen, which an
/// administrator has registered: it reads until it is revoked. A token is 32 random bytes; the database knows only its
/// SHA-256 (docs/adr/0051).
/// </summary>
public sealed class Sessions(Store store, Clock clock)
{
    /// <summary>The cookie that acts.</summary>
    public const string ActCookie = "eb_staff";

    /// <summary>The cookie that reads.</summary>
    public const string ScreenCookie = "eb_screen";

    /// <summary>The cookie of a wall screen.</summary>
    public const string WallCookie = "eb_wall";

    private const long ActMs = 12L * 3_600_000;
    private const long ScreenMs = 30L * 24 * 3_600_000;
    private const long WallMs = 400L * 24 * 3_600_000; // the longest that browsers keep a cookie
    private const int TokenBytes = 32;

    /// <summary>The caller behind a request, or null.</summary>
    public Caller? Find(HttpContext context)
    {
        IRequestCookieCollection cookies = context.Request.Cookies;
        byte[]? act = Hash(cookies[ActCookie]);
        byte[]? screen = Hash(cookies[ScreenCookie]);
        byte[]? wall = Hash(cookies[WallCookie]);
        return act is null && screen is null && wall is null ? null : store.Read(db => Find(db, act, screen, wall));
    }

    /// <summary>
    /// Signs in: both cookies, once they are stored. Whoever was signed in at this browser hands over and is out.
    /// </summary>
    public async Task BeginAsync(HttpContext context, StaffRow staff, string how)
    {
        string act = NewToken();
        string screen = NewToken();
        string address = $"{context.Connection.RemoteIpAddress}";
        string browser = context.Request.Headers.UserAgent.ToString();
        long before = Find(context)?.SignInId ?? 0;
        await store.WriteAsync(
            Lane.Alarm,
            tx =>
            {
                StaffRows.Forget(tx.Db, tx.NowMs - ScreenMs);
                long id = StaffRows.InsertSignIn(
                    tx.Db, staff, address, browser[..Math.Min(browser.Length, 200)], tx.NowMs);
                StaffRows.InsertSession(tx.Db, staff, id, Hash(act)!, "act", tx.NowMs, tx.NowMs + ActMs);
                StaffRows.InsertSession(tx.Db, staff, id, Hash(screen)!, "screen", tx.NowMs, tx.NowMs + ScreenMs);
                tx.Audit(staff.CentreId, Who(staff), "staff.signin", $"staff:{staff.Id}", how);
                if (StaffRows.EndSignIn(tx.Db, before, tx.NowMs))
                {
                    tx.Audit(staff.CentreId, Who(staff), "staff.handOver", $"signin:{before}", $"to signin:{id}");
                }
            },
            context.RequestAborted);
        context.Response.Cookies.Append(ActCookie, act, Cookie(context, ActMs));
        context.Response.Cookies.Append(ScreenCookie, screen, Cookie(context, ScreenMs));
    }

    /// <summary>
    /// Signs out; neither cookie reads any more. False where the last screen would go while an alarm of the centre is
    /// open: then nothing changes, and the next person signs in here.
    /// </summary>
    public async Task<bool> EndAsync(HttpContext context, bool isLastScreen)
    {
        if (Find(context) is { SignInId: > 0 } caller)
        {
            bool ended = await store.WriteAsync(
                Lane.Alarm,
                tx =>
                {
                    if (isLastScreen && caller.Screen is null && AlarmRows.IsAnyOpen(tx.Db, caller.Staff.CentreId))
                    {
                        return false;
                    }
                    if (StaffRows.EndSignIn(tx.Db, caller.SignInId, tx.NowMs))
                    {
                        tx.Audit(
                            caller.Staff.CentreId, Who(caller.Staff), "staff.signout", $"signin:{caller.SignInId}");
                    }
                    return true;
                },
                context.RequestAborted);
            if (!ended)
            {
                return false;
            }
        }
        context.Response.Cookies.Delete(ActCookie, Cookie(context, 0));
        context.Response.Cookies.Delete(ScreenCookie, Cookie(context, 0));
        return true;
    }

    /// <summary>Makes this browser a wall screen; returns its id.</summary>
    public async Task<long> RegisterScreenAsync(HttpContext context, StaffRow by, string name)
    {
        string token = NewToken();
        long id = await store.WriteAsync(Lane.Alarm, tx =>
        {
            long screen = ScreenRows.Insert(tx.Db, by.CentreId, name, Hash(token)!, tx.NowMs);
            tx.Audit(by.CentreId, Who(by), "screen.register", $"screen:{screen}", name);
            return screen;
        });
        context.Response.Cookies.Append(WallCookie, token, Cookie(context, WallMs));
        return id;
    }

    /// <summary>A wall screen's cookie lives on while the screen is used.</summary>
    public void KeepScreen(HttpContext context)
    {
        if (context.Request.Cookies[WallCookie] is { Length: > 0 } token)
        {
            context.Response.Cookies.Append(WallCookie, token, Cookie(context, WallMs));
        }
    }

    /// <summary>SHA-256 of a token or code as it came from outside; null where it cannot be one.</summary>
    public static byte[]? Hash(string? token) =>
        token is { Length: > 0 and <= 128 } ? SHA256.HashData(Encoding.UTF8.GetBytes(token)) : null;

    private Caller? Find(Db db, byte[]? act, byte[]? screen, byte[]? wall)
    {
        ScreenRow? at = wall is null ? null : ScreenRows.ByToken(db, wall);
        if (act is not null && StaffRows.BySession(db, act, "act", clock.NowMs) is { } actor)
        {
            return new Caller(actor.Staff, CanAct: true, actor.SignInId, Own(at, actor.Staff));
        }
        // A wall screen shows nobody's name once the person has gone.
        if (at is not null)
        {
            return new Caller(new StaffRow(0, at.CentreId, "", at.Name, "screen", ""), CanAct: false, 0, at);
        }
        return screen is not null && StaffRows.BySession(db, screen, "screen", clock.NowMs) is { } reader
            ? new Caller(reader.Staff, CanAct: false, reader.SignInId, null) : null;
    }

    /// <summary>Nobody of another centre takes this centre's screen for theirs.</summary>
    private static ScreenRow? Own(ScreenRow? screen, StaffRow staff) =>
        screen?.CentreId == staff.CentreId ? screen : null;

    private static string Who(StaffRow staff) => $"staff:{staff.Id} {staff.DisplayName}";

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
