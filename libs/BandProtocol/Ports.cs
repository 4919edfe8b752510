namespace ElderBand.BandProtocol
{
    /// <summary>One digital pin.</summary>
    public interface IPin
    {
        /// <summary>True while active (pressed, lit), whatever the electrical level.</summary>
        bool Read();

        /// <summary>Drives the pin active or not.</summary>
        void Write(bool active);
    }

    /// <summary>
    /// A latch beside the key: it remembers a contact of 50 ms or more while the chip boots, sleeps or is reset
    /// (hardware/wristband/README.md, docs/adr/0018). A held key sets it again.
    /// </summary>
    public interface IPressLatch
    {
        /// <summary>True after such a contact, until <see cref="Clear"/>.</summary>
        bool IsSet();

        /// <summary>Forgets the contact; takes 2 ms.</summary>
        void Clear();
    }

    /// <summary>Time that never steps.</summary>
    public interface IClock
    {
        /// <summary>Milliseconds since boot.</summary>
        long NowMs();

        /// <summary>
        /// Milliseconds since 1970 UTC, 0 while unknown. A label only, never for order or intervals (R8).
        /// </summary>
        long WallMs();

        /// <summary>Sets the wall clock.</summary>
        void SetWall(long unixMs);
    }

    /// <summary>Keyed hash, native on the device.</summary>
    public interface IMac
    {
        /// <summary>
        /// HMAC-SHA256 over the first <paramref name="count"/> bytes of <paramref name="data"/> into 32 bytes of
        /// <paramref name="digest"/>.
        /// </summary>
        void HmacSha256(byte[] key, byte[] data, int count, byte[] digest);
    }

    /// <summary>Outcome of a flash operation.</summary>
    public enum FlashResult : byte
    {
        /// <summary>On the medium: the file was closed.</summary>
        Ok = 0,

        /// <summary>No room.</summary>
        Full = 1,

        /// <summary>The medium refused.</summary>
        Failed = 2,
    }

    /// <summary>
    /// What reading a file returns in place of a number of bytes. "None" and "fault" are told apart, because a file
    /// that cannot be read now may hold a call, and must not be written over (P48).
    /// </summary>
    public static class FlashFile
    {
        /// <summary>There is no such file.</summary>
        public const int None = -1;

        /// <summary>The medium did not answer: whether there is a file, and what it holds, is not known.</summary>
        public const int Fault = -2;
    }

    /// <summary>
    /// Small files on littlefs. There is no atomic replace and no fsync: a write is safe only once the file is closed,
    /// and a power cut may leave any prefix of it. Callers keep two copies with a counter and a CRC.
    /// </summary>
    public interface IFlash
    {
        /// <summary>
        /// Length of a file in bytes, or <see cref="FlashFile.None"/>, or <see cref="FlashFile.Fault"/>.
        /// </summary>
        int Length(string name);

        /// <summary>
        /// Reads up to <paramref name="count"/> bytes; returns how many, fewer only at the end of the file, or
        /// <see cref="FlashFile.None"/>, or <see cref="FlashFile.Fault"/>.
        /// </summary>
        int Read(string name, int offset, byte[] buffer, int count);

        /// <summary>Creates or replaces a file: open, write, close.</summary>
        FlashResult Write(string name, byte[] data, int count);

        /// <summary>Adds to the end of a file: open, append, close.</summary>
        FlashResult Append(string name, byte[] data, int count);

        /// <summary>Removes a file; Ok where there was none.</summary>
        FlashResult Delete(string name);

        /// <summary>Free bytes, estimated.</summary>
        int FreeBytes();
    }

    /// <summary>Outcome of handing something to a radio or a line.</summary>
    public enum SendResult : byte
    {
        /// <summary>Handed over; arrival is proven only by an answer.</summary>
        Sent = 0,

        /// <summary>No link.</summary>
        NotConnected = 1,

        /// <summary>Try again in a moment.</summary>
        Busy = 2,
    }

    /// <summary>
    /// The band's radio: a GATT server and its advertisement. Events (<see cref="EventKind.LinkUp"/>,
    /// <see cref="EventKind.LinkDown"/>, <see cref="EventKind.FrameIn"/>) go into the band's <see cref="EventRing"/>.
    /// </summary>
    public interface IBandLink
    {
        /// <summary>
        /// Advertises, connectable, with this frame in the manufacturer section; null = without a frame. False where
        /// the stack has refused: then nothing new is on the air.
        /// </summary>
        bool Advertise(byte[] frame);

        /// <summary>Radio off: no advertisement, links dropped.</summary>
        void Stop();

        /// <summary>Notifies the connected hub.</summary>
        SendResult Notify(byte[] frame);

        /// <summary>
        /// Drops every link and restarts the GATT server, because a stranger holds a link or the stack went silent.
        /// </summary>
        void Restart();
    }

    /// <summary>
    /// The hub's radio: scanner and up to 3 links. Events go into the hub's <see cref="EventRing"/>:
    /// <see cref="EventKind.Advertisement"/> (address, strength, frame), <see cref="EventKind.LinkUp"/>,
    /// <see cref="EventKind.LinkDown"/>, <see cref="EventKind.FrameIn"/> (all with the address).
    /// </summary>
    public interface IHubLink
    {
        /// <summary>
        /// Scans for advertisements; called again it restarts the scanner (duplicates are reported again).
        /// </summary>
        void Scan();

        /// <summary>Begins to connect; the outcome is LinkUp or LinkDown.</summary>
        SendResult Connect(long address);

        /// <summary>Writes a frame to a connected band.</summary>
        SendResult Write(long address, byte[] frame);

        /// <summary>Drops the link to a band.</summary>
        void Disconnect(long address);

        /// <summary>Stops and starts the radio stack.</summary>
        void Restart();
    }

    /// <summary>
    /// The hub's line to the centre: MQTT over TLS. Events: <see cref="EventKind.UplinkUp"/>,
    /// <see cref="EventKind.UplinkDown"/>, <see cref="EventKind.Published"/> (id), <see cref="EventKind.Downlink"/>
    /// (topic in Arg, payload).
    /// </summary>
    public interface IUplink
    {
        /// <summary>Begins one attempt to connect and sign in; the outcome is an event.</summary>
        void Connect();

        /// <summary>Ends the connection.</summary>
        void Disconnect();

        /// <summary>Publishes with QoS 1; returns the message id, 0 where not accepted now.</summary>
        int Publish(UplinkTopic topic, byte[] payload, int count);
    }

    /// <summary>Last segments of the topics <c>eb1/{centre}/{hub}/...</c>.</summary>
    public enum UplinkTopic : byte
    {
        /// <summary>up/hello: once after each connect.</summary>
        Hello = 0,

        /// <summary>up/alarm: envelopes of the alarm lane.</summary>
        Alarm = 1,

        /// <summary>up/vitals: envelopes of the vitals lane.</summary>
        Vitals = 2,

        /// <summary>up/beat: alive.</summary>
        Beat = 3,

        /// <summary>down/receipt: records the centre has committed.</summary>
        Receipt = 4,

        /// <summary>down/band: frames for bands.</summary>
        Band = 5,

        /// <summary>down/bands: the bands this hub serves and their link keys.</summary>
        Bands = 6,

        /// <summary>down/trace: the centre wants the hub's trace; up/trace: the answer.</summary>
        Trace = 7,

        /// <summary>down/centre: which incarnation the centre's database is.</summary>
        Centre = 8,
    }

    /// <summary>Why the band woke.</summary>
    public enum WakeCause : byte
    {
        /// <summary>Power on or reset.</summary>
        PowerOn = 0,

        /// <summary>
        /// The key's line or the press latch woke the band; only the latch shows whether that was a press.
        /// </summary>
        Key = 1,

        /// <summary>The accelerometer moved.</summary>
        Motion = 2,

        /// <summary>The timer.</summary>
        Timer = 3,

        /// <summary>The watchdog.</summary>
        Watchdog = 4,
    }

    /// <summary>Battery, charger, sleep and reset.</summary>
    public interface IPower
    {
        /// <summary>0-100, 255 unknown.</summary>
        byte BatteryPct();

        /// <summary>On the charger (band) or on mains (hub).</summary>
        bool External();

        /// <summary>Why this boot began.</summary>
        WakeCause Cause();

        /// <summary>
        /// Deep sleep until the key, the accelerometer or the time; waking is a boot. Does not return on the device.
        /// </summary>
        void DeepSleep(int timeoutMs);

        /// <summary>Restarts the device.</summary>
        void Reset();

        /// <summary>Feeds the external watchdog; called only when every loop has been heard.</summary>
        void FeedWatchdog();
    }
}
