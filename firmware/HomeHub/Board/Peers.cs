using System;
using System.Threading;
using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using nanoFramework.Device.Bluetooth;

namespace ElderBand.HomeHub.Board
{
    /// <summary>
    /// The device objects of the bands. A device object is released only after the stack has reported Disconnected
    /// (docs/adr/0035): the native side writes to its memory until then. Events of the stack arrive on another thread
    /// than the calls.
    /// </summary>
    internal sealed class Peers
    {
        /// <summary>A connect or a restart waits this long for a closing link, ms.</summary>
        public const int CloseLimitMs = 2000;

        /// <summary>Step of such a wait, ms.</summary>
        public const int PollMs = 20;

        /// <summary>Links that the controller holds at once, a closing one included.</summary>
        private const int MaxLinks = 3;

        /// <summary>Eight bands whose services are kept, and one closing object for each link.</summary>
        private const int MaxPeers = 8 + MaxLinks;

        /// <summary>
        /// The stack gives a connect up after 7 s: an attempt without any report for this long never began, ms.
        /// </summary>
        private const int NeverBegunMs = 15000;

        private readonly Inbox _inbox;
        private readonly IClock _clock;
        private readonly AutoResetEvent _work;
        private readonly object _gate = new object();
        private readonly Peer[] _peers = new Peer[MaxPeers];
        private bool _ended;

        /// <summary>An empty table; <paramref name="work"/> wakes the thread that has to act.</summary>
        public Peers(Inbox inbox, IClock clock, AutoResetEvent work)
        {
            _inbox = inbox;
            _clock = clock;
            _work = work;
        }

        /// <summary>True while a link is closing.</summary>
        public bool IsAnyClosing
        {
            get
            {
                for (int i = 0; i < MaxPeers; i++)
                {
                    if (_peers[i] != null && IsInTheWay(_peers[i]))
                    {
                        return true;
                    }
                }

                return false;
            }
        }

        /// <summary>True where a connection has ended since the last call.</summary>
        public bool TakeEnded()
        {
            lock (_gate)
            {
                bool ended = _ended;
                _ended = false;
                return ended;
            }
        }

        /// <summary>The usable object of an address, null for none.</summary>
        public Peer Find(long address)
        {
            for (int i = 0; i < MaxPeers; i++)
            {
                Peer peer = _peers[i];
                if (peer != null && peer.Address == address && !peer.IsSpent)
                {
                    return peer;
                }
            }

            return null;
        }

        /// <summary>
        /// The object to connect with; null where none can be had now. Waits at most <see cref="CloseLimitMs"/> for a
        /// closing link of the same band, or of any band where the controller has no room beside it.
        /// </summary>
        public Peer Claim(long address)
        {
            for (int waitedMs = 0; waitedMs <= CloseLimitMs; waitedMs += PollMs)
            {
                Tend();
                int links = 0;
                Peer before = null;
                for (int i = 0; i < MaxPeers; i++)
                {
                    Peer peer = _peers[i];
                    if (peer != null && (peer.IsUp || IsInTheWay(peer)))
                    {
                        links++;
                        before = peer.IsClosing && peer.Address == address ? peer : before;
                    }
                }

                if (before == null && (links < MaxLinks || !IsAnyClosing))
                {
                    return Find(address) ?? Take(address);
                }

                if (before != null && waitedMs == CloseLimitMs / 2)
                {
                    Close(before); // in case the report of its end was lost
                }

                Thread.Sleep(PollMs);
            }

            return null;
        }

        /// <summary>Subscribed: reports the link. False where the link was lost meanwhile.</summary>
        public bool Up(Peer peer)
        {
            lock (_gate)
            {
                // Under the lock a link that is lost this moment is reported after this, or not at all.
                if (peer.Device.ConnectionStatus != BluetoothConnectionStatus.Connected)
                {
                    return false;
                }

                peer.IsUp = true;
                _inbox.Post(EventKind.LinkUp, peer.Address, 0, null, 0);
                return true;
            }
        }

        /// <summary>A connect or a discovery failed: what the object knows of the band cannot be trusted.</summary>
        public void Fail(Peer peer)
        {
            peer.IsSpent = true;
            Close(peer);
        }

        /// <summary>Ends every link and releases every object.</summary>
        public void FailAll()
        {
            for (int i = 0; i < MaxPeers; i++)
            {
                if (_peers[i] != null)
                {
                    Fail(_peers[i]);
                }
            }
        }

        /// <summary>
        /// Closes what must be dropped and frees the places of spent objects whose connection has ended. Upstream frees
        /// the native side itself when it reports Disconnected. Dispose would free it a second time by the number of
        /// the connection, which another band may have by then; only an attempt that never began has to be disposed.
        /// </summary>
        public void Tend()
        {
            for (int i = 0; i < MaxPeers; i++)
            {
                Peer peer = _peers[i];
                if (peer == null)
                {
                    continue;
                }

                if (peer.MustDrop)
                {
                    peer.MustDrop = false;
                    Close(peer);
                }

                if (peer.IsSpent && !peer.IsClosing)
                {
                    _peers[i] = null;
                    GC.SuppressFinalize(peer.Device);
                }
                else if (peer.IsSpent && !peer.IsAnswered && AgeMs(peer) >= NeverBegunMs && IsAlone(peer))
                {
                    _peers[i] = null;
                    Dispose(peer);
                }
            }
        }

        /// <summary>
        /// A new object in a free place, or in that of a band without a link; null where there is neither.
        /// </summary>
        private Peer Take(long address)
        {
            int place = -1;
            for (int i = 0; i < MaxPeers && (place < 0 || _peers[place] != null); i++)
            {
                if (_peers[i] == null || (!_peers[i].IsUp && !_peers[i].IsClosing))
                {
                    place = i;
                }
            }

            if (place < 0)
            {
                return null;
            }

            if (_peers[place] != null)
            {
                GC.SuppressFinalize(_peers[place].Device); // its connection has ended
            }

            Peer peer = new Peer(address);
            peer.Device.ConnectionStatusChanged += OnConnection;
            _peers[place] = peer;
            return peer;
        }

        /// <summary>Ends a connection, or the rest of a failed connect. The stack then reports Disconnected.</summary>
        private void Close(Peer peer)
        {
            Down(peer);
            if (peer.IsAnswered && peer.Device.ConnectionStatus == BluetoothConnectionStatus.Disconnected)
            {
                return; // the stack has already reported Disconnected
            }

            peer.ClosingSinceMs = peer.IsClosing ? peer.ClosingSinceMs : _clock.NowMs();
            peer.IsClosing = true;
            try
            {
                peer.Device.Close();
            }
            catch (Exception)
            {
                // The connection was gone already.
            }
        }

        private static void Dispose(Peer peer)
        {
            try
            {
                peer.Device.Dispose();
            }
            catch (Exception)
            {
                // The stack had no such connection.
            }
        }

        /// <summary>
        /// True while a new connect must wait for this connection: it is closing, and the stack has reported on it or
        /// the close is less than <see cref="CloseLimitMs"/> old.
        /// </summary>
        private bool IsInTheWay(Peer peer)
        {
            return peer.IsClosing && (peer.IsAnswered || AgeMs(peer) < CloseLimitMs);
        }

        private long AgeMs(Peer peer)
        {
            return _clock.NowMs() - peer.ClosingSinceMs;
        }

        private bool IsAlone(Peer one)
        {
            for (int i = 0; i < MaxPeers; i++)
            {
                Peer peer = _peers[i];
                if (peer != null && peer != one && (peer.IsUp || peer.IsClosing))
                {
                    return false;
                }
            }

            return true;
        }

        private void OnConnection(object sender, EventArgs e)
        {
            for (int i = 0; i < MaxPeers; i++)
            {
                Peer peer = _peers[i];
                if (peer == null || peer.Device != sender)
                {
                    continue;
                }

                bool connected = peer.Device.ConnectionStatus == BluetoothConnectionStatus.Connected;
                peer.IsAnswered = true;
                if (connected)
                {
                    // The report belongs to a connect that was given up. A failed connect reports Connected too; both
                    // must be closed.
                    peer.MustDrop |= peer.IsClosing;
                }
                else
                {
                    Down(peer);
                    peer.IsClosing = false;
                    lock (_gate)
                    {
                        _ended = true;
                    }
                }

                if (!connected || peer.MustDrop)
                {
                    _work.Set();
                }

                return;
            }
        }

        /// <summary>Reports the end of a link, once.</summary>
        private void Down(Peer peer)
        {
            lock (_gate)
            {
                if (peer.IsUp)
                {
                    peer.IsUp = false;
                    _inbox.Post(EventKind.LinkDown, peer.Address, 0, null, 0);
                }
            }
        }
    }
}
