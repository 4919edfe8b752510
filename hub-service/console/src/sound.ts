import { SoundWatch, type SoundState } from './ringer'

/** Sounds made by the page itself: no file to load, no element that the autoplay rule could silence unnoticed. */
export class Sound {
  #context: AudioContext | null = null
  #watch = new SoundWatch()

  /** Call from a click or a key: only there a browser lets a page become audible. */
  unlock(): void {
    this.#context ??= new AudioContext({ latencyHint: 'interactive' })
    if (this.#context.state !== 'running') void this.#context.resume().catch(() => undefined)
  }

  /** Makes the context without a gesture, so that a page that was merely reloaded can say whether it is silenced. */
  prepare(): void {
    this.#context ??= new AudioContext({ latencyHint: 'interactive' })
  }

  look(): SoundState {
    return this.#watch.look(this.#context?.state ?? null, this.#context?.currentTime ?? 0, performance.now())
  }

  /** Two rising pairs: clear against speech and a fan, at frequencies an ageing ear still has. */
  alarm(): void {
    for (const at of [0, 0.9]) {
      this.#tone(784, at, 0.22, 0.5)
      this.#tone(1047, at + 0.25, 0.4, 0.5)
    }
  }

  /** Falling and low: the page or the centre itself is in trouble. */
  trouble(): void {
    this.#tone(440, 0, 0.35, 0.5)
    this.#tone(330, 0.4, 0.35, 0.5)
    this.#tone(247, 0.8, 0.6, 0.5)
  }

  /** Once, soft: a device needs somebody soon. */
  technical(): void {
    this.#tone(523, 0, 0.25, 0.15)
  }

  #tone(frequencyHz: number, inS: number, lengthS: number, volume: number): void {
    const context = this.#context
    if (!context || context.state !== 'running') return
    const start = context.currentTime + inS
    const gain = context.createGain()
    gain.gain.setValueAtTime(0, start)
    gain.gain.linearRampToValueAtTime(volume, start + 0.02)
    gain.gain.setValueAtTime(volume, start + lengthS - 0.05)
    gain.gain.linearRampToValueAtTime(0, start + lengthS)
    gain.connect(context.destination)
    for (const [harmonic, share] of [[1, 0.8], [2, 0.2]] as const) {
      const oscillator = context.createOscillator()
      const part = context.createGain()
      part.gain.value = share
      oscillator.frequency.value = frequencyHz * harmonic
      oscillator.connect(part).connect(gain)
      oscillator.start(start)
      oscillator.stop(start + lengthS + 0.05)
    }
  }
}
