using ElderBand.BandProtocol;
using ElderBand.Common.Board;

namespace ElderBand.Wristband.Board
{
    /// <summary>
    /// Waits between two steps of the band. With the radio off only the clock, the key and the accelerometer can raise
    /// an event, and all three end light sleep, so the chip sleeps; this gives Daily its battery life. Light sleep
    /// would switch the radio off and may stop driving the outputs, so the chip waits awake while the radio runs, an
    /// output is active or a charger is connected.
    /// </summary>
    public sealed class Idle
    {
        // Falling asleep and waking costs some milliseconds, and a key that is down is polled every 20 ms, awake.
        private const int ShortestSleepMs = 21;

        private readonly Inbox _inbox;
        private readonly BandRadio _radio;
        private readonly BandPower _power;
        private readonly GpioLine[] _wake;
        private readonly IPin[] _awakeWhile;

        /// <summary>Composes the wait.</summary>
        /// <param name="inbox">The loop's events.</param>
        /// <param name="radio">The radio.</param>
        /// <param name="power">Sleep and charger.</param>
        /// <param name="wake">Lines that end light sleep.</param>
        /// <param name="awakeWhile">Lines that keep the chip awake while active: outputs, and what would end the sleep
        /// at once.</param>
        public Idle(Inbox inbox, BandRadio radio, BandPower power, GpioLine[] wake, IPin[] awakeWhile)
        {
            _inbox = inbox;
            _radio = radio;
            _power = power;
            _wake = wake;
            _awakeWhile = awakeWhile;
        }

        /// <summary>Waits for an event, at most <paramref name="timeoutMs"/>.</summary>
        public void Wait(int timeoutMs)
        {
            if (timeoutMs < ShortestSleepMs || _radio.IsOn || _power.External() || AnyActive())
            {
                _inbox.Wait(timeoutMs);
            }
            else if (!_inbox.TakeBell())
            {
                // A press that begins now is still high in 80 ms, and a high line ends the sleep.
                bool slept = _power.LightSleep(timeoutMs);

                // EXT1 wake moves its pads to the RTC. A pad that stays there always reads as released (docs/adr/0014).
                for (int i = 0; i < _wake.Length; i++)
                {
                    _wake[i].TakeBack();
                }

                if (!slept)
                {
                    _inbox.Wait(timeoutMs);
                }
            }
        }

        private bool AnyActive()
        {
            for (int i = 0; i < _awakeWhile.Length; i++)
            {
                if (_awakeWhile[i].Read())
                {
                    return true;
                }
            }

            return false;
        }
    }
}
