using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Staff;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService;

/// <summary>
/// The commands that end something. The running service sees within 2 s what they have written: it disconnects a
/// revoked hub, and hubs forget a revoked band.
/// </summary>
internal static class LifeCycleCommands
{
    private const string Command = "command";

    /// <summary>Runs one; false where the command is none of these.</summary>
    /// <exception cref="StartException">There is nothing of that name, or it cannot end now.</exception>
    public static async Task<bool> RunAsync(
        string command, IReadOnlyList<string> words, Func<Arguments, Store> open, TextWriter output)
    {
        string[] names = command switch
        {
            "staff-leave" or "staff-password" => ["name"],
            "band-revoke" => ["address"],
            "hub-revoke" => ["id"],
            "consent-withdraw" => ["resident", "phone"],
            "resident-gone" => ["resident"],
            _ => [],
        };
        if (names.Length == 0)
        {
            return false;
        }
        var given = new Arguments(words, names, []);
        string what = string.Join(' ', names.Select(given.Required));
        string hash = "";
        if (command == "staff-password")
        {
            await Console.Error.WriteAsync("New password (8 characters or more): ");
            hash = await Console.In.ReadLineAsync() is { Length: >= 8 } password
                ? Passwords.Hash(password) : throw new StartException("A password has 8 characters or more.");
        }
        using Store store = open(given);
        bool done = await store.WriteAsync(Lane.Alarm, tx =>
        {
            string centreId = ResidentRows.FirstCentre(tx.Db)?.CentreId ?? "";
            return command switch
            {
                "staff-leave" => StaffRows.ByName(tx.Db, given.Required("name")) is { } staff && Leave(tx, staff),
                "staff-password" => StaffRows.ByName(tx.Db, given.Required("name")) is { } staff
                    && LifeCycle.SetPassword(tx, staff.CentreId, staff.Id, hash, Command),
                "band-revoke" => DeviceRows.BandByAddress(
                    tx.Db, Enrolment.ParseAddress(given.Required("address"))) is { } band
                    && LifeCycle.RevokeBand(tx, centreId, band.Id, Command),
                "hub-revoke" => Revocations.RevokeHub(tx, centreId, given.Required("id"), Command),
                "consent-withdraw" => Resident(tx, centreId, given) is { } resident
                    && ResidentRows.Contacts(tx.Db, resident.Id)
                        .Find(c => c.Phone == given.Required("phone")) is { } contact
                    && LifeCycle.WithdrawConsent(tx, centreId, contact.Id, Command),
                _ => Resident(tx, centreId, given) is { } resident
                    && LifeCycle.Gone(tx, centreId, resident.Id, Command),
            };
        });
        if (done && command == "hub-revoke")
        {
            Revocations.Add(store.Folder!, given.Required("id"), new Clock().NowMs);
        }
        await output.WriteLineAsync(
            done ? $"{command}: done for {what}." : throw new StartException($"{command}: there is no {what}."));
        return true;
    }

    /// <summary>
    /// Hands her alarms back in the database. Their ring timers are due at once, by which the running service rings
    /// them in its next sweep: it does not see the change itself.
    /// </summary>
    private static bool Leave(Tx tx, StaffRow staff)
    {
        List<long> hers = AlarmRows.OpenOwnedBy(tx.Db, staff.Id);
        var desk = new AlarmDesk(new Ringing(new ConsoleCounter(new Clock())));
        bool done = LifeCycle.Leave(tx, desk, staff.CentreId, staff.Id, new Actor(0, Command));
        foreach (long alarmId in hers)
        {
            TimerRows.Set(tx.Db, AlarmRows.Get(tx.Db, alarmId)!, TimerKind.Ring, tx.NowMs);
        }
        return done;
    }

    private static ResidentRow? Resident(Tx tx, string centreId, Arguments given) =>
        ResidentRows.ResidentByCode(tx.Db, centreId, given.Required("resident"));
}
