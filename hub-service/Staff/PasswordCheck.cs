using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Staff;

/// <summary>
/// Checks a password that somebody types, at the sign-in and before a change. Both share the <see cref="LockOut"/> and
/// the lines of <see cref="SignInLimits"/>.
/// </summary>
internal static class PasswordCheck
{
    private static readonly string NobodysHash = Passwords.Hash("nobody has this password");

    /// <summary>The client's address, as the lock-out and the audit name it.</summary>
    public static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "?";

    /// <summary>Null where the password is right; else the refusal: 429 while locked out, or the one given.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The sign-in name that was typed.</param>
    /// <param name="staff">Whose name that is; null where nobody has it.</param>
    /// <param name="password">The password that was typed.</param>
    /// <param name="wrong">The refusal of a wrong password.</param>
    public static async Task<IResult?> RefuseAsync(
        HttpContext context, string name, StaffRow? staff, string password, IResult wrong)
    {
        string address = AddressOf(context);
        LockOut lockOut = context.RequestServices.GetRequiredService<LockOut>();
        // A client hashes one password at a time (SignInLimits): many guesses sent at once must not all pass before the
        // first has failed (P41).
        if (lockOut.WaitMs(name, address) is > 0 and var waitMs)
        {
            context.Response.Headers.RetryAfter = ((waitMs + 999) / 1000).ToString();
            return Shield.Refuse(
                429, "lockedOut", $"Too many wrong passwords: try again in {(waitMs + 999) / 1000} s.");
        }
        // A name that does not exist takes as long as a wrong password.
        if (await Task.Run(() => Passwords.Verify(password, staff?.PasswordHash ?? NobodysHash)) && staff is not null)
        {
            lockOut.Right(name, address);
            return null;
        }
        if (lockOut.Wrong(name, address) && staff is not null)
        {
            await context.RequestServices.GetRequiredService<Store>().WriteAsync(Lane.Alarm, tx => tx.Audit(
                staff.CentreId, "service", "staff.lockedOut", $"staff:{staff.Id}", $"from {address}"));
        }
        return wrong;
    }
}
