import { Component, type ComponentChild, type FunctionComponent } from "preact";

/** Draws a component anew only when one of its properties is another. */
export function memo<P extends object>(draw: (props: P) => ComponentChild): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return Object.entries(next).some(([name, value]) => this.props[name as keyof P] !== value);
    }
    override render(props: P): ComponentChild {
      return draw(props);
    }
  }
  return Memo as unknown as FunctionComponent<P>;
}
