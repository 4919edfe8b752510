// Timers of a hidden page are slowed to one a minute; those of a worker are not, and an alarm must ring in a hidden tab.
setInterval(() => postMessage(0), 500)
