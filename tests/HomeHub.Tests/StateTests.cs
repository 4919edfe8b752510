using System.Security.Cryptography;
using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>
/// Every (state, event) pair of the hub's two state machines: the radio link to a band and the line to the centre.
/// </summary>
public sealed class StateTests
{
    private const long Address = 0xC0FFEE000001;
    private static readonly long SilentMs = (LinkTiming.SilentBeats * LinkTiming.BeatMs(BandMode.Guard)) + 10_001;

    /// <summary>What can happen to a link.</summary>
    public enum LinkEvent
    {
        /// <summary>The stack reports a link.</summary>
        LinkUp,

        /// <summary>The stack reports the end of a link, or a connect that failed.</summary>
        LinkDown,

        /// <summary>The band's call was heard in an advertisement.</summary>
        Heard,

        /// <summary>A write finds no link.</summary>
        WriteLost,

        /// <summary>15 s pass without an outcome of a connect.</summary>
        ConnectLimit,

        /// <summary>Three beats pass without a frame.</summary>
        Silence,

        /// <summary>The radio stack was restarted.</summary>
        Restart,
    }

    /// <summary>What can happen to the line.</summary>
    public enum LineEvent
    {
        /// <summary>The line is up: the hub has signed in.</summary>
        Up,

        /// <summary>The attempt has failed, or the connection has ended.</summary>
        Down,

        /// <summary>The centre acknowledges a message (PUBACK).</summary>
        Published,

        /// <summary>A message from the centre.</summary>
        Answer,

        /// <summary>The wait before the next attempt is over.</summary>
        AttemptDue,

        /// <summary>75 s pass without a message from the centre.</summary>
        Deaf,

        /// <summary>120 s pass and the attempt has neither failed nor succeeded.</summary>
        AttemptLimit,
    }

    private static readonly (LinkState From, LinkEvent Event, LinkState To)[] LinkMoves =
    [
        (LinkState.Down, LinkEvent.LinkUp, LinkState.Up),
        (LinkState.Down, LinkEvent.Heard, LinkState.Connecting),
        (LinkState.Connecting, LinkEvent.LinkUp, LinkState.Up),
        (LinkState.Connecting, LinkEvent.LinkDown, LinkState.Down),
        (LinkState.Connecting, LinkEvent.ConnectLimit, LinkState.Down),
        (LinkState.Connecting, LinkEvent.Silence, LinkState.Down),
        (LinkState.Connecting, LinkEvent.Restart, LinkState.Down),
        (LinkState.Up, LinkEvent.LinkDown, LinkState.Down),
        (LinkState.Up, LinkEvent.WriteLost, LinkState.Down),
        (LinkState.Up, LinkEvent.Silence, LinkState.Down),
        (LinkState.Up, LinkEvent.Restart, LinkState.Down),
    ];

    private static readonly (UplinkState From, LineEvent Event, UplinkState To)[] LineMoves =
    [
        (UplinkState.Waiting, LineEvent.Up, UplinkState.Online),
        (UplinkState.Waiting, LineEvent.AttemptDue, UplinkState.Connecting),
        (UplinkState.Waiting, LineEvent.Deaf, UplinkState.Connecting),
        (UplinkState.Waiting, LineEvent.AttemptLimit, UplinkState.Connecting),
        (UplinkState.Connecting, LineEvent.Up, UplinkState.Online),
        (UplinkState.Connecting, LineEvent.Down, UplinkState.Waiting),
        (UplinkState.Online, LineEvent.Down, UplinkState.Waiting),
        (UplinkState.Online, LineEvent.Deaf, UplinkState.Waiting),
        (UplinkState.Online, LineEvent.AttemptLimit, UplinkState.Waiting),
    ];

    public static MatrixTheoryData<LinkState, LinkEvent> LinkPairs =>
        new(Enum.GetValues<LinkState>(), Enum.GetValues<LinkEvent>());

    public static MatrixTheoryData<UplinkState, LineEvent> LinePairs =>
        new(Enum.GetValues<UplinkState>(), Enum.GetValues<LineEvent>());

    [Theory]
    [MemberData(nameof(LinkPairs))]
    public void P11_every_state_of_a_link_answers_every_event_and_a_call_gets_its_link_afterwards(
        LinkState state, LinkEvent happened)
    {
        var home = new Home();
        home.Reach(state);
        home.Do(happened);
        var expected = LinkMoves.Where(m => m.From == state && m.Event == happened)
            .DefaultIfEmpty((From: state, Event: happened, To: state)).Single();
        home.Band.Link.ShouldBe(expected.To);
        var dropped = expected.To == LinkState.Down && happened is LinkEvent.ConnectLimit or LinkEvent.Silence
            && state != LinkState.Down;
        home.Radio.Disconnects.ShouldBe(dropped ? 1 : 0, "what the stack may still hold is let go");

        // The radio works again: whatever the state, the acknowledgement that is owed goes out.
        home.Radio.Answer = SendResult.Sent;
        home.Owe();
        for (var s = 0; s < 60 && home.Band.Acks > 0; s++)
        {
            if (home.Band.Link == LinkState.Down)
            {
                home.Hear();
            }

            home.Pass(500);
            if (home.Band.Link == LinkState.Connecting)
            {
                home.Links.OnUp(home.Band, home.NowMs);
            }

            home.Pass(500);
        }

        home.Band.Acks.ShouldBe(0);
        home.Radio.Writes.ShouldBeGreaterThan(0);
    }

    [Theory]
    [MemberData(nameof(LinePairs))]
    public void P21_every_state_of_the_line_answers_every_event_and_comes_online_afterwards(
        UplinkState state, LineEvent happened)
    {
        var line = new Line();
        line.Reach(state);
        var attempts = line.Port.Connects;
        line.Do(happened);
        var expected = LineMoves.Where(m => m.From == state && m.Event == happened)
            .DefaultIfEmpty((From: state, Event: happened, To: state)).Single();
        line.Uplink.State.ShouldBe(expected.To);
        var began = expected.To == UplinkState.Connecting && state != UplinkState.Connecting;
        line.Port.Connects.ShouldBe(attempts + (began ? 1 : 0));
        line.Port.Disconnects.ShouldBe(
            state == UplinkState.Online && happened is LineEvent.Deaf or LineEvent.AttemptLimit ? 1 : 0);
        line.Uplink.IsHeard(line.NowMs).ShouldBe(
            state != UplinkState.Connecting || happened != LineEvent.AttemptLimit || expected.To != state,
            "an attempt without an outcome starves the watchdog after two minutes");

        for (var s = 0; s < 120 && line.Uplink.State == UplinkState.Waiting; s++)
        {
            line.Pass(1000);
        }

        if (line.Uplink.State == UplinkState.Connecting)
        {
            line.Uplink.OnLine(true, line.NowMs);
        }

        line.Uplink.Online.ShouldBeTrue();
        line.Uplink.IsHeard(line.NowMs).ShouldBeTrue();
    }

    private sealed class Home
    {
        private readonly Tagger _tagger = new(new HostMac());
        private readonly byte[] _press = new byte[Frame.Size];

        public Home()
        {
            var data = new byte[HubMessage.MaxDownSize];
            HubMessage.BeginBands(data, HubRig.BuildDateMs);
            var keys = new BandKeys();
            keys.Derive(new HostMac(), SHA256.HashData([1]), 1, 1);
            var size = HubMessage.AddBand(data, Address, 1, 1, keys);
            var bands = new BandTable(new MemoryFlash());
            bands.Take(data, size, 0, new long[HubMessage.MaxBands]);
            Band = bands.Find(Address);
            Links = new Links(Radio, bands, _tagger);
            Frame.Begin(_press, FrameType.Sos, Lane.Alarm, 1, 1);
        }

        public Radio Radio { get; } = new();

        public Links Links { get; }

        public BandSession Band { get; }

        public long NowMs { get; private set; } = 1000;

        public void Reach(LinkState state)
        {
            if (state != LinkState.Down)
            {
                Hear();
                Pass(1);
            }

            if (state == LinkState.Up)
            {
                Links.OnUp(Band, NowMs);
                Pass(1);
            }

            Band.Link.ShouldBe(state);
        }

        public void Do(LinkEvent happened)
        {
            switch (happened)
            {
                case LinkEvent.LinkUp:
                    Links.OnUp(Band, NowMs);
                    break;
                case LinkEvent.LinkDown:
                    Links.OnDown(Band, NowMs);
                    break;
                case LinkEvent.Heard:
                    Hear();
                    break;
                case LinkEvent.WriteLost:
                    Radio.Answer = SendResult.NotConnected;
                    Owe();
                    break;
                case LinkEvent.ConnectLimit:
                    NowMs += 15_001;
                    break;
                case LinkEvent.Silence:
                    NowMs += SilentMs;
                    break;
                default:
                    Links.OnRestart(NowMs);
                    break;
            }

            Pass(1);
        }

        public void Owe() => Band.OweAck(_press, 0);

        public void Hear()
        {
            var heard = new RingEvent(Frame.Size) { Kind = EventKind.Advertisement, Address = Address, Arg = -60 };
            _press.CopyTo(heard.Data, 0);
            heard.Count = Frame.Size;
            Links.OnHeard(Band, heard, NowMs);
        }

        public void Pass(long ms)
        {
            NowMs += ms;
            Links.Step(true, 0, NowMs);
        }
    }

    private sealed class Radio : IHubLink
    {
        public SendResult Answer { get; set; } = SendResult.Sent;

        public int Disconnects { get; private set; }

        public int Writes { get; private set; }

        public void Scan()
        {
        }

        public SendResult Connect(long address) => SendResult.Sent;

        public SendResult Write(long address, byte[] frame)
        {
            Writes += Answer == SendResult.Sent ? 1 : 0;
            return Answer;
        }

        public void Disconnect(long address) => Disconnects++;

        public void Restart()
        {
        }
    }

    private sealed class Line
    {
        public Line()
        {
            var flash = new MemoryFlash();
            var bands = new BandTable(flash);
            var outbox = new Outbox(flash, bands);
            outbox.Load();
            var ports = new HubPorts
            {
                Uplink = Port,
                Flash = flash,
                Clock = new ManualClock(),
                Downlinks = new EventRing(8, HubMessage.MaxDownSize),
            };
            Uplink = new Uplink(
                ports, new TimeKeeper(ports.Clock, flash, 0, long.MaxValue, 0), outbox, bands, new TraceRing());
            Uplink.Start(WakeCause.PowerOn, 0);
            NowMs = 1000;
        }

        public Port Port { get; } = new();

        public Uplink Uplink { get; }

        public long NowMs { get; private set; }

        public void Reach(UplinkState state)
        {
            if (state != UplinkState.Waiting)
            {
                Pass(1);
            }

            if (state == UplinkState.Online)
            {
                Uplink.OnLine(true, NowMs);
            }

            Uplink.State.ShouldBe(state);
        }

        public void Do(LineEvent happened)
        {
            switch (happened)
            {
                case LineEvent.Up:
                    Uplink.OnLine(true, NowMs);
                    break;
                case LineEvent.Down:
                    Uplink.OnLine(false, NowMs);
                    break;
                case LineEvent.Published:
                    Uplink.OnPublished(1, NowMs);
                    break;
                case LineEvent.Answer:
                    Uplink.OnAnswer(NowMs);
                    break;
                case LineEvent.AttemptDue:
                    Pass(1);
                    break;
                case LineEvent.Deaf:
                    Pass(75_001);
                    break;
                default:
                    Pass(120_001);
                    break;
            }
        }

        public void Pass(long ms)
        {
            NowMs += ms;
            Uplink.Step(NowMs);
        }
    }

    private sealed class Port : IUplink
    {
        public int Connects { get; private set; }

        public int Disconnects { get; private set; }

        public void Connect() => Connects++;

        public void Disconnect() => Disconnects++;

        public int Publish(UplinkTopic topic, byte[] payload, int count) => 1;
    }
}
