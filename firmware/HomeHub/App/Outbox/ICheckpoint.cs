namespace ElderBand.HomeHub
{
    /// <summary>
    /// Supplies the bytes that each new segment begins with, so that the newest segment alone can restore their owner.
    /// </summary>
    public interface ICheckpoint
    {
        /// <summary>Writes up to <see cref="SegmentFiles.CheckpointSize"/> bytes.</summary>
        void Save(byte[] data, int offset);

        /// <summary>Reads what <see cref="Save"/> wrote.</summary>
        void Load(byte[] data, int offset);

        /// <summary>
        /// Loading found a record behind the checkpoint; whether the link tag of its frame was right.
        /// </summary>
        void Found(long address, bool isLinkChecked, byte[] data, int frameOffset);
    }
}
