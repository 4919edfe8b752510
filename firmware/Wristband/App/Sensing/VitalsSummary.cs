using ElderBand.BandProtocol;
using ElderBand.VitalsFilter;

namespace ElderBand.Wristband
{
    /// <summary>Heart rate and oxygen of one period, or why there are none.</summary>
    public sealed class VitalsSummary
    {
        /// <summary>Closed and not taken yet.</summary>
        public bool IsReady { get; private set; }

        /// <summary>Heart rate, beats a minute; 0 where refused.</summary>
        public byte Bpm { get; private set; }

        /// <summary>Its confidence, 0-100.</summary>
        public byte Confidence { get; private set; }

        /// <summary>Why there is no heart rate.</summary>
        public HeartRefusal Refusal { get; private set; }

        /// <summary>Oxygen, percent; 0 where refused.</summary>
        public byte Spo2Pct { get; private set; }

        /// <summary>Why there is no oxygen value.</summary>
        public HeartRefusal Spo2Refusal { get; private set; }

        /// <summary>Closes a period with the last estimate; a fault or an unworn band goes before it.</summary>
        public void Close(HeartRate heart, bool isFaulty, bool isWorn)
        {
            IsReady = true;
            HeartRefusal before = isFaulty ? HeartRefusal.SensorFault
                : isWorn ? HeartRefusal.None : HeartRefusal.NotWorn;
            bool isJudged = before == HeartRefusal.None;
            Refusal = isJudged ? heart.Refusal : before;
            Spo2Refusal = isJudged ? heart.Spo2Refusal : before;
            Confidence = isJudged ? (byte)heart.Confidence : (byte)0;
            Bpm = Refusal == HeartRefusal.None ? (byte)((heart.BpmX10 + 5) / 10) : (byte)0;
            Spo2Pct = Spo2Refusal == HeartRefusal.None ? (byte)(heart.Spo2X10 / 10) : (byte)0;
        }

        /// <summary>Writes the payload of a summary that is ready; false where none is.</summary>
        public bool Take(byte[] frame, Activity activity, Wear wear, bool tenMinutes)
        {
            if (!IsReady)
            {
                return false;
            }

            IsReady = false;
            int steps = activity.TakeSteps();
            Payload.PutVitals(
                frame,
                Bpm,
                Confidence,
                Spo2Pct,
                (byte)Refusal,
                (byte)Spo2Refusal,
                wear,
                (byte)activity.MinuteClass,
                tenMinutes,
                (byte)(steps > 255 ? 255 : steps));
            return true;
        }
    }
}
