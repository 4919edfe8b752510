using System.Diagnostics;
using ElderBand.BandProtocol;

namespace ElderBand.Tests.HubService;

/// <summary>Debian's mosquitto clients 2.0 against the whole service, over TLS with the service's own CA.</summary>
public class MosquittoTests
{
    private const string Pub = "/usr/bin/mosquitto_pub";
    private const string Sub = "/usr/bin/mosquitto_sub";

    [Fact]
    public async Task A_press_published_by_mosquitto_pub_is_an_alarm_and_its_receipt_reaches_mosquitto_sub()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand band = centre.Band();
        byte[] envelope = new byte[Envelope.MaxSize];
        Envelope.Begin(envelope, 7, 1000, 0);
        int size = Envelope.Add(
            envelope, 7, 0, band.Address, -60, Envelope.LinkChecked, AgeQuality.Measured, 0, band.Sos(), 0);

        // hub-2 serves the same home: what the centre says to a band goes to every hub that has heard it.
        (int heard, string complaint) = await RunAsync(
            Pub, centre, "hub-2", envelope[..size], "-q", "1", "-t", "eb1/c1/hub-2/up/alarm", "-s");
        heard.ShouldBe(0, complaint);
        centre.Alarms().ShouldHaveSingleItem().State.ShouldBe("ringing");

        Task<(int ExitCode, string Output)> listening = RunAsync(
            Sub, centre, "hub-2", [], "-q", "1", "-t", "eb1/c1/hub-2/down/#", "-C", "1", "-W", "20", "-F", "%t %l");
        (int exitCode, string output) = await listening;
        exitCode.ShouldBe(0, output);
        output.ShouldStartWith("eb1/c1/hub-2/down/");
    }

    [Fact]
    public async Task P29_mosquitto_pub_for_a_foreign_topic_is_refused_and_audited()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        (int exitCode, string output) = await RunAsync(
            Pub, centre, "hub-1", [], "-q", "1", "-t", "eb1/c1/hub-3/up/alarm", "-m", "x");

        exitCode.ShouldNotBe(0, output);
        await TestCentre.UntilAsync(
            () => centre.Count("audit", "action='hub.publishRefused' AND detail='eb1/c1/hub-3/up/alarm'") >= 1,
                "the audit row");
        centre.Alarms().ShouldBeEmpty();
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(
        string program, TestCentre centre, string hub, byte[] input, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists(program), $"{program} is not installed (Debian package mosquitto-clients)");
        string password = centre.Enrolled.Hubs.Single(h => h.Id == hub).Password!;
        string[] common =
            ["-h", "localhost", "-p", $"{centre.MqttPort}", "--cafile", Path.Combine(centre.DataDir, "ca.pem"), "-i",
                hub, "-u", hub, "-P", password];
        using Process process = Process.Start(new ProcessStartInfo(program, [.. common, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.BaseStream.WriteAsync(input, TestContext.Current.CancellationToken);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(20_000);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(); // it tries for ever to publish what it may not
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        return (process.ExitCode, await output + await errors);
    }
}
