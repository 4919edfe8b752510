using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// Acts on the frames that the band receives: answers, stages, settings and the hub's state. Only frames that
    /// <see cref="LinkPolicy"/> has accepted get here.
    /// </summary>
    public sealed class BandDownlink
    {
        private const int SaveAgainMs = 1000;

        private readonly BandSecrets _secrets;
        private readonly BandSettings _settings;
        private readonly HelpStages _stages;
        private readonly LinkPolicy _link;
        private readonly LastHubState _hubState;
        private readonly Measuring _measuring;
        private readonly BandReports _reports;
        private readonly BandBeat _beat;
        private readonly FrameSource _source;
        private readonly AlarmLatch _latch;
        private bool _settingsDirty;
        private long _nextSaveMs;

        /// <summary>Composes the reception over the parts that a frame may change.</summary>
        public BandDownlink(
            BandSecrets secrets,
            BandSettings settings,
            HelpStages stages,
            LinkPolicy link,
            LastHubState hubState,
            Measuring measuring,
            BandReports reports,
            BandBeat beat,
            FrameSource source,
            AlarmLatch latch)
        {
            _secrets = secrets;
            _latch = latch;
            _settings = settings;
            _stages = stages;
            _link = link;
            _hubState = hubState;
            _measuring = measuring;
            _reports = reports;
            _beat = beat;
            _source = source;
        }

        /// <summary>Acts on a frame.</summary>
        public void Receive(byte[] frame, long nowMs)
        {
            int boot = Frame.BootOf(frame, 0);
            int sequence = Frame.SequenceOf(frame, 0);
            switch (Frame.TypeOf(frame, 0))
            {
                case FrameType.LinkHello:
                    _beat.OnHello(nowMs);
                    break;
                case FrameType.HubHeard:
                    _stages.OnHubHeard(Frame.LaneOf(frame, 0), boot, sequence, nowMs);
                    break;
                case FrameType.Receipt:
                    _source.NoteHighestBoot(Payload.HighestBoot(frame, 0));
                    if (Frame.LaneOf(frame, 0) == Lane.Alarm)
                    {
                        _stages.OnReceipt(frame);
                    }

                    break;
                case FrameType.Stage:
                    _stages.OnStage(boot, sequence, Payload.StageOf(frame, 0), Payload.StageRevision(frame, 0), nowMs);
                    break;
                case FrameType.Configuration:
                    Configure(frame, nowMs);
                    break;
                case FrameType.HubState:
                    _hubState.Take(frame, nowMs);
                    break;
                case FrameType.LinkGroup:
                    MoveKeys(frame, nowMs);
                    break;
                case FrameType.Rekey:
                    _secrets.Take(frame);
                    break;
            }
        }

        /// <summary>
        /// Stores settings that have changed; on failure tries again after 1 s and reports the fault. Settings that
        /// could not be read are read first. True where this step has tried.
        /// </summary>
        public bool SaveChanges(long nowMs)
        {
            if ((!_settingsDirty && !_settings.IsUnread) || nowMs < _nextSaveMs)
            {
                return false;
            }

            if (_settings.IsUnread && _settings.ReadStored())
            {
                _measuring.Configure(_settings.Sensitivity, _settings.WalkingAid);
                _secrets.Derive(_settings.LinkGroup, _settings.LinkEpoch);
                _link.OnKeysMoved(nowMs);
            }

            _settingsDirty = _settings.Save() != FlashResult.Ok;
            if (_settingsDirty)
            {
                _nextSaveMs = nowMs + SaveAgainMs;
                _reports.Report(TechnicalCode.FlashFault, nowMs);
            }

            return true;
        }

        /// <summary>
        /// Takes the step of the band's secret that is due, and reports a flash that refuses the record. True where the
        /// secret has changed, was read or was refused.
        /// </summary>
        /// <param name="isQuiet">True: no call waits for a hub, and the key and the wrist are at rest.</param>
        /// <param name="nowMs">Now.</param>
        public bool StepSecrets(bool isQuiet, long nowMs)
        {
            SecretStep step = _secrets.Step(_latch, isQuiet, nowMs);
            if (step == SecretStep.Changed)
            {
                _link.OnSecretChanged();
                _beat.Hurry(nowMs); // the first frame under the new secret shows the change to the centre
            }
            else if (step == SecretStep.Failed)
            {
                _reports.Report(TechnicalCode.FlashFault, nowMs);
            }

            return step != SecretStep.None;
        }

        private void Configure(byte[] frame, long nowMs)
        {
            if (Frame.BootOf(frame, 0) > _settings.Version && !Payload.ConfigurationIsValid(frame, 0))
            {
                _reports.Report(TechnicalCode.ConfigurationRefused, nowMs);
            }
            else if (_settings.Apply(frame))
            {
                _reports.Recover(TechnicalCode.ConfigurationRefused, nowMs);
                _settingsDirty = true;
                _measuring.Configure(_settings.Sensitivity, _settings.WalkingAid);
                _link.AskForTrace(Payload.ConfigTraceAsk(frame, 0));
                _beat.Hurry(nowMs); // the status echoes the applied version
            }
        }

        private void MoveKeys(byte[] frame, long nowMs)
        {
            if (_settings.Move(frame))
            {
                _settingsDirty = true;
                _secrets.Derive(_settings.LinkGroup, _settings.LinkEpoch);
                _link.OnKeysMoved(nowMs);
            }
        }
    }
}
