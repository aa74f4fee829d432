/** Lets whoever waits have a turn: a program that begins in small steps leaves a slow processor time for what one does meanwhile. */
export const breath = () => new Promise<void>(next => setTimeout(next))
