using System;

namespace ElderBand.BandProtocol
{
    /// <summary>
    /// Two lanes share the radio and the line: alarms are never dropped and always go first (promise R5).
    /// </summary>
    public enum Lane : byte
    {
        /// <summary>Kept until the centre's receipt.</summary>
        Alarm = 0,

        /// <summary>May be dropped, oldest first; gaps show in the sequence.</summary>
        Vitals = 1,
    }

    /// <summary>
    /// What a frame says (5 bits). 1-13 and 23 come from a band, 14-15 from a hub itself, 16-22 go down to a band. The
    /// payloads are described byte by byte in docs/protocol.md.
    /// </summary>
    public enum FrameType : byte
    {
        /// <summary>Not a frame.</summary>
        None = 0,

        /// <summary>The key was pressed: help.</summary>
        Sos = 1,

        /// <summary>A fall is suspected; the wearer has a countdown to say "I am fine".</summary>
        FallSuspected = 2,

        /// <summary>Nobody cancelled the suspicion it refers to.</summary>
        FallConfirmed = 3,

        /// <summary>The wearer held the key: the suspicion it refers to is withdrawn.</summary>
        FallCancelled = 4,

        /// <summary>"Not needed, says the wearer": a note on an SOS, which stays open.</summary>
        NotNeeded = 5,

        /// <summary>Put on or taken off.</summary>
        WearChange = 6,

        /// <summary>Worn, but no movement for longer than the profile allows.</summary>
        Inactivity = 7,

        /// <summary>Something about the band needs a technician.</summary>
        Technical = 8,

        /// <summary>The band has started.</summary>
        Boot = 9,

        /// <summary>The wrist has shown a stage of an alarm.</summary>
        StageShown = 10,

        /// <summary>Heart rate, oxygen, wear and activity over one period.</summary>
        Vitals = 11,

        /// <summary>The beat: alive, mode, battery.</summary>
        Status = 12,

        /// <summary>A nonce the hub must answer before the band trusts the link.</summary>
        LinkChallenge = 13,

        /// <summary>The hub's own key was pressed (address 0, no tags: the hub's signed-in session vouches).</summary>
        HubKey = 14,

        /// <summary>Something about the hub or one of its links needs a technician (address 0 or the band's).</summary>
        HubTechnical = 15,

        /// <summary>The hub has stored the frame it answers: stage 1.</summary>
        HubHeard = 16,

        /// <summary>The centre has stored, or refused, the frame it answers.</summary>
        Receipt = 17,

        /// <summary>The stage of an alarm at the centre; also a receipt for the frame that opened it.</summary>
        Stage = 18,

        /// <summary>Settings from the centre; the version only rises.</summary>
        Configuration = 19,

        /// <summary>The hub's answer to the nonce.</summary>
        LinkHello = 20,

        /// <summary>Whether the hub reaches the centre, and the minute of the day.</summary>
        HubState = 21,

        /// <summary>Which link keys the band uses from now on.</summary>
        LinkGroup = 22,

        /// <summary>Half an entry of the band's trace, up, where the centre has asked for it.</summary>
        Trace = 23,

        /// <summary>One of the three parts of the nonce that changes the band's secret, from the centre.</summary>
        Rekey = 24,
    }

    /// <summary>How far help has come. The wrist never shows one that has not happened.</summary>
    public enum Stage : byte
    {
        /// <summary>Nobody has it yet.</summary>
        Waiting = 0,

        /// <summary>Stored by a hub at home.</summary>
        Home = 1,

        /// <summary>Committed at the centre.</summary>
        Centre = 2,

        /// <summary>A person has taken it.</summary>
        Taken = 3,

        /// <summary>Help is on the way.</summary>
        Coming = 4,

        /// <summary>Closed with an outcome.</summary>
        Closed = 5,
    }

    /// <summary>
    /// The 20-byte frame: header 6, payload 6, centre tag 4, link tag 4. Numbers are little endian, as in Bluetooth.
    /// 20 bytes is all that fits between two nanoFramework devices, whose MTU stays 23 (ATT header 3).
    /// </summary>
    public static class Frame
    {
        /// <summary>Bytes in every frame.</summary>
        public const int Size = 20;

        /// <summary>Protocol version in the two top bits of byte 0.</summary>
        public const int Version = 0;

        /// <summary>First byte of the payload.</summary>
        public const int PayloadOffset = 6;

        /// <summary>Bytes of payload.</summary>
        public const int PayloadSize = 6;

        /// <summary>First byte of the centre tag; the tag covers all bytes before it.</summary>
        public const int CentreTagOffset = 12;

        /// <summary>First byte of the link tag; the tag covers all bytes before it, the centre tag included.</summary>
        public const int LinkTagOffset = 16;

        /// <summary>Bytes in a tag.</summary>
        public const int TagSize = 4;

        /// <summary>Largest boot count (24 bits).</summary>
        public const int MaxBoot = 0xFFFFFF;

        /// <summary>Largest sequence (16 bits). A band reboots itself before it would pass this.</summary>
        public const int MaxSequence = 0xFFFF;

        /// <summary>Clears the frame and writes its header.</summary>
        /// <param name="frame">At least 20 bytes.</param>
        /// <param name="type">What the frame says.</param>
        /// <param name="lane">Which lane its sequence counts in.</param>
        /// <param name="boot">Boot count, 0 to 0xFFFFFF.</param>
        /// <param name="sequence">Sequence within boot and lane, 0 to 0xFFFF.</param>
        public static void Begin(byte[] frame, FrameType type, Lane lane, int boot, int sequence)
        {
            for (int i = 0; i < Size; i++)
            {
                frame[i] = 0;
            }

            frame[0] = (byte)((Version << 6) | ((int)lane << 5) | (int)type);
            Bytes.PutU24(frame, 1, boot);
            Bytes.PutU16(frame, 4, sequence);
        }

        /// <summary>Protocol version of the frame at <paramref name="offset"/>, 0 to 3.</summary>
        public static int VersionOf(byte[] frame, int offset)
        {
            return frame[offset] >> 6;
        }

        /// <summary>Type of the frame at <paramref name="offset"/>; values without a name are possible.</summary>
        public static FrameType TypeOf(byte[] frame, int offset)
        {
            return (FrameType)(frame[offset] & 0x1F);
        }

        /// <summary>Lane of the frame at <paramref name="offset"/>.</summary>
        public static Lane LaneOf(byte[] frame, int offset)
        {
            return (Lane)((frame[offset] >> 5) & 1);
        }

        /// <summary>Boot count of the frame at <paramref name="offset"/>.</summary>
        public static int BootOf(byte[] frame, int offset)
        {
            return Bytes.GetU24(frame, offset + 1);
        }

        /// <summary>Sequence of the frame at <paramref name="offset"/>.</summary>
        public static int SequenceOf(byte[] frame, int offset)
        {
            return Bytes.GetU16(frame, offset + 4);
        }

        /// <summary>True where bands send frames of this type.</summary>
        public static bool IsFromBand(FrameType type)
        {
            return (type >= FrameType.Sos && type <= FrameType.LinkChallenge) || type == FrameType.Trace;
        }

        /// <summary>True where the centre sends frames of this type to bands, under its own tag.</summary>
        public static bool IsFromCentre(FrameType type)
        {
            return (type >= FrameType.Receipt && type <= FrameType.Configuration)
                || type == FrameType.LinkGroup || type == FrameType.Rekey;
        }

        /// <summary>True where a hub sends frames of this type to bands, under the link tag.</summary>
        public static bool IsFromHub(FrameType type)
        {
            return type == FrameType.HubHeard || type == FrameType.LinkHello || type == FrameType.HubState;
        }

        /// <summary>True where the type calls for help.</summary>
        public static bool IsCall(FrameType type)
        {
            return type == FrameType.Sos || type == FrameType.FallSuspected || type == FrameType.FallConfirmed;
        }

        /// <summary>True where the type must reach the centre and waits in the band's latch for its receipt.</summary>
        public static bool IsLatched(FrameType type)
        {
            return type >= FrameType.Sos && type <= FrameType.Boot;
        }
    }

    /// <summary>
    /// Little-endian numbers in byte arrays, as device and host have them; callers have checked the bounds.
    /// </summary>
    public static class Bytes
    {
        /// <summary>Writes 16 bits.</summary>
        public static void PutU16(byte[] data, int offset, int value)
        {
            data[offset] = (byte)value;
            data[offset + 1] = (byte)(value >> 8);
        }

        /// <summary>Writes 24 bits.</summary>
        public static void PutU24(byte[] data, int offset, int value)
        {
            data[offset] = (byte)value;
            data[offset + 1] = (byte)(value >> 8);
            data[offset + 2] = (byte)(value >> 16);
        }

        /// <summary>Writes 32 bits.</summary>
        public static void PutU32(byte[] data, int offset, uint value)
        {
            data[offset] = (byte)value;
            data[offset + 1] = (byte)(value >> 8);
            data[offset + 2] = (byte)(value >> 16);
            data[offset + 3] = (byte)(value >> 24);
        }

        /// <summary>Writes 48 bits.</summary>
        public static void PutU48(byte[] data, int offset, long value)
        {
            PutU32(data, offset, (uint)value);
            PutU16(data, offset + 4, (int)(value >> 32) & 0xFFFF);
        }

        /// <summary>Writes 64 bits.</summary>
        public static void PutI64(byte[] data, int offset, long value)
        {
            PutU32(data, offset, (uint)value);
            PutU32(data, offset + 4, (uint)(value >> 32));
        }

        /// <summary>Reads 16 bits.</summary>
        public static int GetU16(byte[] data, int offset)
        {
            return BitConverter.ToUInt16(data, offset);
        }

        /// <summary>Reads 24 bits.</summary>
        public static int GetU24(byte[] data, int offset)
        {
            return data[offset] | (data[offset + 1] << 8) | (data[offset + 2] << 16);
        }

        /// <summary>Reads 32 bits.</summary>
        public static uint GetU32(byte[] data, int offset)
        {
            // Native on the device, as are all that read whole words.
            return BitConverter.ToUInt32(data, offset);
        }

        /// <summary>Reads 48 bits.</summary>
        public static long GetU48(byte[] data, int offset)
        {
            return GetU32(data, offset) | ((long)GetU16(data, offset + 4) << 32);
        }

        /// <summary>Reads 64 bits.</summary>
        public static long GetI64(byte[] data, int offset)
        {
            return BitConverter.ToInt64(data, offset);
        }

        /// <summary>Compares two ranges; used for identity, not for secrets.</summary>
        public static bool Same(byte[] a, int aOffset, byte[] b, int bOffset, int count)
        {
            for (int i = 0; i < count; i++)
            {
                if (a[aOffset + i] != b[bOffset + i])
                {
                    return false;
                }
            }

            return true;
        }

        /// <summary>Copies a range.</summary>
        public static void Copy(byte[] from, int fromOffset, byte[] to, int toOffset, int count)
        {
            // Native on the device: a loop here costs 14 instructions a byte.
            Array.Copy(from, fromOffset, to, toOffset, count);
        }
    }
}
